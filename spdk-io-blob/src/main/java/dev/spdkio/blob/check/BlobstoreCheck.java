// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.store.Inspection;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;

/**
 * Examines and repairs stores that nobody has loaded, through any block device of the hub. SPDK has a recovery at load
 * ({@code blobcli -R}) and nothing that only looks.
 *
 * <p>Memory: a bit for each metadata page and each cluster, a few numbers for each blob, and the map of one blob at a
 * time.
 *
 * <p>Thread rule: any thread; futures complete on the SpdkThread that is given. They fail with an {@link
 * SpdkException}: ENODEV if there is no such device, EPERM if it is in use, EINVAL if its blocks are larger than those
 * of the store.
 */
public final class BlobstoreCheck {
    private BlobstoreCheck() {}

    /**
     * Reads all metadata, and writes nothing. What cannot be read is a finding.
     *
     * @param bdev the name of a block device, which nobody may write meanwhile
     * @param options what the repair is for that the report plans
     */
    public static CompletableFuture<CheckReport> examine(
            BdevManager bdevs, SpdkThread thread, String bdev, RepairOptions options) {
        return Inspection.run(bdevs, thread, bdev, options, false);
    }

    /**
     * Examines, and does what the report of that plans. Losing power meanwhile does no harm: another repair with the
     * same options ends as this one would have. Fails with {@link IllegalArgumentException} if a blob is to be dropped
     * that is whole and shares nothing, and then does nothing.
     *
     * @return what was found before, with the plan that was carried out
     */
    public static CompletableFuture<CheckReport> repair(
            BdevManager bdevs, SpdkThread thread, String bdev, RepairOptions options) {
        return Inspection.run(bdevs, thread, bdev, options, true);
    }
}
