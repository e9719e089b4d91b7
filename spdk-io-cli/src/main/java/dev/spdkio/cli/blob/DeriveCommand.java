// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Option;

/** A command that makes another blob with the content of one. */
abstract class DeriveCommand extends OneBlobCommand {
    @Option(names = "--xattr", paramLabel = "NAME=VALUE", description = "An attribute of it; may be repeated.")
    private Map<String, String> xattrs = Map.of();

    abstract CompletableFuture<BlobId> derive(Blobstore store, Map<String, byte[]> attributes);

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        Map<String, byte[]> all = store.with(id, blob -> store.call(() -> Attributes.derived(blob, xattrs)));
        return store.describe(derive(store.store(), all).join());
    }
}
