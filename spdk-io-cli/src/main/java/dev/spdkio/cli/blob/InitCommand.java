// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.cli.ByteSize;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spdkio blob init}. */
@Command(name = "init", description = "Make a store on the device, whose content is lost.")
final class InitCommand extends StoreCommand {
    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Make the file of --file, this large, with no space of the disk taken yet.")
    private @Nullable Long size;

    @Option(
            names = "--cluster-size",
            paramLabel = "SIZE",
            defaultValue = "1M",
            converter = ByteSize.class,
            description = "Bytes of a cluster; default ${DEFAULT-VALUE}.")
    private long clusterSize;

    @Option(names = "--type", paramLabel = "TEXT", defaultValue = "", description = "What the store is for.")
    private String type = "";

    @Option(names = "--keep", description = "Leave the device as it is instead of unmapping it first.")
    private boolean keep;

    @Override
    void prepare(@Nullable Path path) throws IOException {
        options();
        if (size == null) {
            super.prepare(path);
            return;
        }
        if (path == null) {
            throw wrong("--size is only for --file");
        }
        if (Files.exists(path)) {
            throw wrong("--file " + path + " exists: leave --size out to use it as it is");
        }
        if (size < clusterSize) {
            throw wrong("--size " + size + " is less than a cluster, " + clusterSize);
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    private BlobstoreOptions options() {
        try {
            return BlobstoreOptions.DEFAULT
                    .withClusterSize(Math.toIntExact(clusterSize))
                    .withType(type)
                    .withClearMethod(keep ? ClearMethod.NONE : ClearMethod.UNMAP);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    @Override
    CompletableFuture<Blobstore> open(SpdkApp app, SpdkThread thread, String device) {
        return Blobstore.init(app, thread, device, options());
    }

    @Override
    Map<String, Object> run(OpenStore store) {
        return store.call(() -> BlobInfo.of(store.store()));
    }
}
