// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobOptions;
import dev.spdkio.cli.ByteSize;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spdkio blob create}. */
@Command(name = "create", description = "Create a blob.")
final class CreateCommand extends StoreCommand {
    @Option(
            names = "--size",
            paramLabel = "SIZE",
            required = true,
            converter = ByteSize.class,
            description = "Its size.")
    private long size;

    @Option(names = "--thin", description = "Take clusters only when they are written.")
    private boolean thin;

    @Option(names = "--xattr", paramLabel = "NAME=VALUE", description = "An attribute of it; may be repeated.")
    private Map<String, String> xattrs = Map.of();

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        long clusters = store.clusters(size);
        BlobOptions options = thin ? BlobOptions.thin(clusters) : BlobOptions.ofClusters(clusters);
        for (Map.Entry<String, byte[]> attribute : Attributes.bytes(xattrs).entrySet()) {
            options = options.withXattr(attribute.getKey(), attribute.getValue());
        }
        return store.describe(store.store().createBlob(options).join());
    }
}
