// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.blobfs.BlobFsOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.NIOFSDirectory;

/** Apache Lucene keeps its index on a block device, through its own directory classes. */
public final class LuceneOnBlobFs {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 32768, "block_size": 4096}}
            ]}]}
            """;
    private static final List<String> WORDS = List.of("block", "blob", "file", "device", "queue", "poller", "reactor");
    private static final int DOCUMENTS = 8_000;
    private static final int WRITERS = 4;

    private LuceneOnBlobFs() {}

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        try (SpdkApp app = SpdkApp.builder().configJson(CONFIG).start()) {
            // docs: nio-init
            Map<String, ?> env =
                    Map.of("app", app, "init", true, "options", BlobFsOptions.DEFAULT.withClusterSize(64 << 10));
            try (FileSystem fs = FileSystems.newFileSystem(URI.create("blobfs:Malloc0"), env)) {
                write(fs.getPath("/index"));
            }
            // docs: end
            // docs: nio-load
            try (FileSystem fs = FileSystems.newFileSystem(URI.create("blobfs:Malloc0"), Map.of("app", app))) {
                search(Path.of(URI.create("blobfs:Malloc0!/index")));
                System.out.println(fs.getFileStores().iterator().next().getUsableSpace() + " bytes are free");
                check(fs.getPath("/index"));
            }
            // docs: end
        }
    }

    /** Several threads write; each kind of file of an index comes to be, and many are merged away. */
    private static void write(Path index) throws IOException {
        IndexWriterConfig config = new IndexWriterConfig(new StandardAnalyzer()).setRAMBufferSizeMB(0.5);
        try (Directory directory = new NIOFSDirectory(index);
                IndexWriter writer = new IndexWriter(directory, config)) {
            CompletableFuture.allOf(IntStream.range(0, WRITERS)
                            .mapToObj(w -> CompletableFuture.runAsync(() -> add(writer, w)))
                            .toArray(CompletableFuture[]::new))
                    .join();
            writer.commit();
            writer.deleteDocuments(new Term("id", "0"));
            writer.forceMerge(1);
        }
    }

    private static void add(IndexWriter writer, int from) {
        try {
            for (int i = from; i < DOCUMENTS; i += WRITERS) {
                Document document = new Document();
                document.add(new StringField("id", Integer.toString(i), Store.YES));
                document.add(new NumericDocValuesField("number", i));
                document.add(new TextField("text", text(i), Store.YES));
                writer.addDocument(document);
                if (i % 1000 < WRITERS) {
                    writer.commit();
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String text(int i) {
        String word = WORDS.get(i % WORDS.size());
        return word + " number " + i + ", " + word.repeat(1 + i % 5) + " and " + WORDS.get(i % 3);
    }

    private static void search(Path index) throws IOException {
        try (Directory directory = new NIOFSDirectory(index);
                DirectoryReader reader = DirectoryReader.open(directory)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            System.out.println(
                    reader.numDocs() + " documents in " + reader.leaves().size() + " segment");
            System.out.println("a poller is in " + searcher.count(new TermQuery(new Term("text", "poller"))));
            var best = searcher.search(new TermQuery(new Term("id", "4711")), 1).scoreDocs[0];
            System.out.println(searcher.storedFields().document(best.doc).get("text"));
        }
    }

    private static void check(Path index) throws IOException {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        try (Directory directory = new NIOFSDirectory(index);
                CheckIndex check = new CheckIndex(directory)) {
            check.setInfoStream(new PrintStream(found, true, StandardCharsets.UTF_8));
            check.setLevel(CheckIndex.Level.MIN_LEVEL_FOR_SLOW_CHECKS);
            boolean clean = check.checkIndex().clean;
            System.out.println(clean ? "the index is clean" : found.toString(StandardCharsets.UTF_8));
        }
    }
}
