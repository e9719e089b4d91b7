// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob import}. */
@Command(
        name = "import",
        description = "Copy a file into a blob, by default a new one. Its length is kept as the attribute 'length'.")
final class ImportCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "FILE", description = "The file to read.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path source;

    @Option(
            names = "--blob",
            paramLabel = "ID",
            converter = BlobIdConverter.class,
            description = "The blob to overwrite, which gets the size of the file.")
    private @Nullable BlobId into;

    @Option(names = "--thick", description = "Give a new blob all its clusters, for holes of the file too.")
    private boolean thick;

    @Option(names = "--xattr", paramLabel = "NAME=VALUE", description = "An attribute of it; may be repeated.")
    private Map<String, String> xattrs = Map.of();

    @Override
    void prepare(@Nullable Path path) throws IOException {
        super.prepare(path);
        if (!Files.isRegularFile(source)) {
            throw wrong("FILE " + source + " is not a regular file that is there");
        }
        if (thick && into != null) {
            throw wrong("--thick is only for a new blob");
        }
    }

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        try (FileChannel in = FileChannel.open(source)) {
            if (into != null) {
                return copy(store, into, in, false);
            }
            long clusters = store.clusters(in.size());
            BlobOptions options = thick ? BlobOptions.ofClusters(clusters) : BlobOptions.thin(clusters);
            BlobId made = store.store().createBlob(options).join();
            try {
                return copy(store, made, in, !thick);
            } catch (Exception e) {
                try {
                    store.store().deleteBlob(made).join(); // half of a file is of no use
                } catch (RuntimeException more) {
                    e.addSuppressed(more);
                }
                throw e;
            }
        }
    }

    private Map<String, Object> copy(OpenStore store, BlobId id, FileChannel in, boolean holes) throws Exception {
        return store.with(id, blob -> {
            long length = in.size();
            if (blob.clusters() != store.clusters(length)) {
                blob.resize(store.clusters(length)).join();
            }
            try (Copying copying = new Copying(store, blob)) {
                copying.from(in, length, holes);
            }
            return store.call(() -> {
                blob.setXattr(Attributes.LENGTH, Attributes.length(length));
                for (Map.Entry<String, byte[]> a : Attributes.bytes(xattrs).entrySet()) {
                    blob.setXattr(a.getKey(), a.getValue());
                }
                return BlobInfo.of(blob);
            });
        });
    }
}
