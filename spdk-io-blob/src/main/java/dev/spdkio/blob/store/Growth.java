// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.Mask;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.sys.Errno;
import java.util.concurrent.CompletableFuture;

/** Has a store use what its device has grown by. In an operation. */
final class Growth {
    private Growth() {}

    static CompletableFuture<Void> grow(Store store) {
        return Steps.begin(() -> {
            SuperBlock s = store.superBlock();
            long bytes = store.device.bdev().sizeBytes();
            if (bytes == s.size()) {
                return Steps.done();
            }
            String what = "growing " + store;
            long clusters = bytes / s.clusterSize();
            if (bytes < s.size() || clusters > SuperBlock.MAX_CLUSTERS) {
                throw Failures.of(Errno.ENOSPC, what, "the device has " + bytes + " bytes, and the store " + s.size());
            }
            int pages = Mask.pages(clusters, s.metadataPageSize());
            if (pages > s.maxClusterMaskPages()) {
                throw Failures.of(
                        Errno.ENOSPC,
                        what,
                        "its metadata has " + s.maxClusterMaskPages() + " pages for the mask of " + clusters
                                + " clusters, not " + pages);
            }
            // The masks on the device are for the old size until it is unloaded.
            return store.writeSuper(s.withSize(bytes, pages).withClean(false))
                    .thenRun(() -> store.space.grow((int) clusters));
        });
    }
}
