// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import java.util.concurrent.CompletableFuture;

/** Devices to stand on. */
final class Stacked {
    private Stacked() {}

    /** A device of 8 MiB in memory. */
    static Bdev base(BdevManager bdevs, int blockSize) throws SpdkException {
        return base(bdevs, blockSize, BdevContract.MIN_BYTES / blockSize);
    }

    /** The same of any size. */
    static Bdev base(BdevManager bdevs, int blockSize, long blockCount) throws SpdkException {
        return MallocBdev.create(bdevs, new MallocBdevOptions("Base0", blockSize, blockCount).withPrefault(false));
    }

    /** Removes a device as its base goes: from below. */
    static CompletableFuture<Void> removeFromBelow(Bdev upper) {
        BdevManager bdevs = upper.manager();
        Bdev base = bdevs.lookup("Base0");
        if (base == null) {
            throw new IllegalStateException("there is no Base0 below " + upper);
        }
        CompletableFuture<Void> gone = upper.gone();
        return bdevs.unregister(base).thenCompose(_ -> gone);
    }
}
