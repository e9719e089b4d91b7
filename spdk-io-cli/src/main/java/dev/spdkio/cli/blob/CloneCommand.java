// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;

/** {@code spdkio blob clone}. */
@Command(name = "clone", description = "Make a thin blob that shows what a snapshot has until it is written.")
final class CloneCommand extends DeriveCommand {
    @Override
    CompletableFuture<BlobId> derive(Blobstore store, Map<String, byte[]> attributes) {
        return store.createClone(id, attributes);
    }
}
