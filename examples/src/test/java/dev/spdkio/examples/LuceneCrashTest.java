// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.nio.BlobFileSystem;
import dev.spdkio.testkit.PowerCutBdev;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.NIOFSDirectory;
import org.junit.jupiter.api.Test;

/** What Lucene has committed survives a loss of power at any time; its own check finds nothing wrong. */
class LuceneCrashTest {
    private static final int DEVICE_BYTES = 16 << 20;

    /** What the device writes as a whole: a page of metadata. */
    private static final int PAGE_BYTES = 4096;

    private static final int DOCUMENTS = 400;
    private static final int A_COMMIT = 20;
    private static final int CUTS = 60;
    private static final BlobFsOptions OPTIONS = BlobFsOptions.DEFAULT
            .withClusterSize(64 << 10)
            .withCacheBytes(BlobFsOptions.MIN_CACHE_BYTES)
            .withLanes(1);

    /**
     * A commit that had ended.
     *
     * @param events what the device had seen then
     */
    private record Commit(int events, int documents) {}

    @Test
    void commitsSurviveTheLossOfPower() throws Exception {
        try (SpdkApp app = SpdkApp.builder()
                .name("lucene")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .start()) {
            PowerCutBdev device = register(app, "Lucene0");
            PowerCutBdev copy = register(app, "Lucene1");
            List<Commit> commits = new ArrayList<>();
            BlobFs fs = BlobFs.init(app, "Lucene0", OPTIONS);
            device.mark();
            try (BlobFileSystem files = BlobFileSystem.of(fs)) {
                write(files.getPath("/index"), device, commits);
            }
            fs.unload();
            for (int seed = 0; seed < CUTS; seed++) {
                Random random = new Random(seed);
                int at = random.nextInt(device.events().size() + 1);
                copy.reset(device.cut(at, PAGE_BYTES).image(_ -> random.nextBoolean()));
                int committed = commits.stream()
                        .filter(c -> c.events() <= at)
                        .mapToInt(Commit::documents)
                        .max()
                        .orElse(0);
                try (BlobFs after = BlobFs.load(app, "Lucene1", OPTIONS);
                        BlobFileSystem files = BlobFileSystem.of(after)) {
                    assertThat(after.damagedFiles()).isEmpty();
                    Path index = files.getPath("/index");
                    try (Directory directory = new NIOFSDirectory(index)) {
                        int found = found(directory);
                        assertThat(found)
                                .as("documents after cut %d at event %d", seed, at)
                                .isBetween(committed, committed + A_COMMIT);
                        assertThat(found % A_COMMIT).isZero();
                    }
                }
            }
        }
    }

    private static PowerCutBdev register(SpdkApp app, String name) throws Exception {
        PowerCutBdev device = PowerCutBdev.ofBytes(DEVICE_BYTES);
        app.call(() -> device.register(app.bdevs(), name)).get(10, TimeUnit.SECONDS);
        return device;
    }

    private static void write(Path index, PowerCutBdev device, List<Commit> commits) throws IOException {
        IndexWriterConfig config =
                new IndexWriterConfig(new StandardAnalyzer()).setMergeScheduler(new SerialMergeScheduler());
        try (Directory directory = new NIOFSDirectory(index);
                IndexWriter writer = new IndexWriter(directory, config)) {
            for (int i = 1; i <= DOCUMENTS; i++) {
                Document document = new Document();
                document.add(new StringField("id", Integer.toString(i), Store.YES));
                document.add(new TextField("text", "number " + i + " of " + DOCUMENTS, Store.YES));
                writer.addDocument(document);
                if (i % A_COMMIT == 0) {
                    writer.commit();
                    commits.add(new Commit(device.events().size(), i));
                }
            }
        }
    }

    /** The documents of the last commit; none if there was not one. */
    private static int found(Directory directory) throws IOException {
        if (!DirectoryReader.indexExists(directory)) {
            return 0;
        }
        try (CheckIndex check = new CheckIndex(directory);
                DirectoryReader reader = DirectoryReader.open(directory)) {
            check.setLevel(CheckIndex.Level.MIN_LEVEL_FOR_INTEGRITY_CHECKS);
            ByteArrayOutputStream words = new ByteArrayOutputStream();
            check.setInfoStream(new PrintStream(words, true, StandardCharsets.UTF_8));
            assertThat(check.checkIndex().clean)
                    .as(words.toString(StandardCharsets.UTF_8))
                    .isTrue();
            return reader.numDocs();
        }
    }
}
