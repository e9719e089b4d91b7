// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.cli.ByteSize;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob resize}. */
@Command(name = "resize", description = "Give a blob another size.")
final class ResizeCommand extends OneBlobCommand {
    @Parameters(index = "1", paramLabel = "SIZE", converter = ByteSize.class, description = "The new size.")
    private long size;

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        return store.with(id, blob -> {
            blob.resize(store.clusters(size)).join();
            return store.call(() -> BlobInfo.of(blob));
        });
    }
}
