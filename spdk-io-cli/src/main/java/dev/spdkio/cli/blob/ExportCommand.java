// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.cli.ByteSize;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob export}. */
@Command(name = "export", description = "Copy a blob into a new file, which has holes where the blob reads as zeroes.")
final class ExportCommand extends OneBlobCommand {
    @Parameters(index = "1", paramLabel = "FILE", description = "The file to make.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path target;

    @Option(
            names = "--length",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "How many bytes; by default what the attribute 'length' says, else all.")
    private @Nullable Long length;

    @Override
    void prepare(@Nullable Path path) throws IOException {
        super.prepare(path);
        if (Files.exists(target)) {
            throw wrong("FILE " + target + " exists: take another name");
        }
    }

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        return store.with(id, blob -> {
            long size = blob.clusters() * store.store().clusterSize();
            if (length != null && length > size) {
                throw new IllegalArgumentException("--length " + length + " is more than the blob has, " + size);
            }
            long bytes = length != null ? length : store.call(() -> Attributes.length(blob));
            try (FileChannel out = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                    Copying copying = new Copying(store, blob)) {
                copying.to(out, bytes);
            } catch (Exception e) {
                Files.deleteIfExists(target);
                throw e;
            }
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("id", id.toString());
            result.put("file", target.toString());
            result.put("length", bytes);
            return result;
        });
    }
}
