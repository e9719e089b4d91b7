// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;

/** {@code spdkio blob snapshot}. */
@Command(name = "snapshot", description = "Make a read-only snapshot of a blob, which becomes its clone.")
final class SnapshotCommand extends DeriveCommand {
    @Override
    CompletableFuture<BlobId> derive(Blobstore store, Map<String, byte[]> attributes) {
        return store.createSnapshot(id, attributes);
    }
}
