// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Who works on which stripe, over all threads: one writer, or those who put a strip together from the others. Two
 * writers at once would leave parity that fits neither, and a reader beside a writer would put together garbage.
 *
 * <p>Stripes share locks, by number: that is safe, and now and then somebody waits without need.
 *
 * <p>Thread rule: any thread.
 */
final class StripeLocks {
    private static final int LOCKS = 1 << 14;

    /** The number of readers, or -1 for a writer. */
    private final AtomicIntegerArray holders = new AtomicIntegerArray(LOCKS);

    private static int index(long stripe) {
        return (int) (stripe & (LOCKS - 1));
    }

    boolean tryWrite(long stripe) {
        return holders.compareAndSet(index(stripe), 0, -1);
    }

    void endWrite(long stripe) {
        holders.set(index(stripe), 0);
    }

    boolean tryRead(long stripe) {
        int i = index(stripe);
        int n = holders.get(i);
        while (n >= 0) {
            if (holders.compareAndSet(i, n, n + 1)) {
                return true;
            }
            n = holders.get(i);
        }
        return false;
    }

    void endRead(long stripe) {
        holders.decrementAndGet(index(stripe));
    }
}
