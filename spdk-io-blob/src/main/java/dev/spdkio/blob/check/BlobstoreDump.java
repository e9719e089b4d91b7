// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.store.Dump;
import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Tells the metadata of a store that nobody has loaded as it is on the device, right or wrong, and writes nothing;
 * {@code spdk_bs_dump}. What is told are trees for people and for JSON.
 *
 * <p>Thread rule and errors as of {@link BlobstoreCheck}; memory for the pages asked for, and a bit for each cluster.
 */
public final class BlobstoreDump {
    /** The most metadata pages that are told at once. */
    public static final int MAX_PAGES = 1 << 12;

    private BlobstoreDump() {}

    /**
     * The super block, where everything is, and how much is used by the masks. What is wrong with it is the member
     * {@code problems}; if nothing can be found without it, that is all.
     */
    public static CompletableFuture<Map<String, Object>> store(BdevManager bdevs, SpdkThread thread, String bdev) {
        return Dump.store(bdevs, thread, bdev);
    }

    /**
     * Metadata pages with something on them, each with its place, what the masks say of it, its checksum, and its
     * descriptors.
     *
     * @param first the first page to look at
     * @param count how many to look at, 1 to {@link #MAX_PAGES}; there need not be so many
     */
    public static CompletableFuture<List<Map<String, Object>>> pages(
            BdevManager bdevs, SpdkThread thread, String bdev, int first, int count) {
        if (first < 0 || count < 1 || count > MAX_PAGES) {
            throw new IllegalArgumentException(
                    count + " metadata pages from " + first + " on: 1 to " + MAX_PAGES + " at once, from 0 on");
        }
        return Dump.pages(bdevs, thread, bdev, first, count);
    }
}
