// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * I/Os that wait for their time, first come first served: one that is due waits for those before it, as in SPDK. It is
 * as long as the I/Os of its thread are many.
 *
 * <p>Thread rule: owned by its thread.
 */
final class DelayLane {
    /** What becomes of an I/O whose time has come. */
    interface Exit {
        /** @param status how it has ended; null if it is still to be done */
        void leave(BdevIo io, @Nullable IoStatus status);
    }

    /** The time at which an empty lane has something to do. */
    static final long NEVER = Long.MAX_VALUE;

    private @Nullable BdevIo[] ios = new @Nullable BdevIo[16];
    private @Nullable IoStatus[] statuses = new @Nullable IoStatus[16];
    private long[] due = new long[16];
    private int head;
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** When the first is due. */
    long nextDue() {
        return count == 0 ? NEVER : due[head];
    }

    void add(BdevIo io, @Nullable IoStatus status, long when) {
        if (count == ios.length) {
            grow();
        }
        int at = (head + count++) & (ios.length - 1);
        ios[at] = io;
        statuses[at] = status;
        due[at] = when;
    }

    private void grow() {
        int n = ios.length;
        @Nullable BdevIo[] moreIos = Arrays.copyOfRange(ios, head, head + 2 * n);
        @Nullable IoStatus[] moreStatuses = Arrays.copyOfRange(statuses, head, head + 2 * n);
        long[] moreDue = Arrays.copyOfRange(due, head, head + 2 * n);
        System.arraycopy(ios, 0, moreIos, n - head, head);
        System.arraycopy(statuses, 0, moreStatuses, n - head, head);
        System.arraycopy(due, 0, moreDue, n - head, head);
        ios = moreIos;
        statuses = moreStatuses;
        due = moreDue;
        head = 0;
    }

    /** Lets those out whose time has come. What comes meanwhile stays. Says how many. */
    int poll(long now, Exit exit) {
        int out = 0;
        for (int left = count; left > 0 && due[head] <= now; left--) {
            out += leave(exit);
        }
        return out;
    }

    /** Lets all out that are in now. */
    void drain(Exit exit) {
        for (int left = count; left > 0; left--) {
            leave(exit);
        }
    }

    /** One that was taken out has left a hole. */
    private int leave(Exit exit) {
        BdevIo io = ios[head];
        IoStatus status = statuses[head];
        ios[head] = null;
        head = (head + 1) & (ios.length - 1);
        count--;
        if (io == null) {
            return 0;
        }
        exit.leave(io, status);
        return 1;
    }

    /** Takes one out; false if it is not in. */
    boolean remove(BdevIo io) {
        for (int i = 0; i < count; i++) {
            int at = (head + i) & (ios.length - 1);
            if (ios[at] == io) {
                ios[at] = null;
                return true;
            }
        }
        return false;
    }
}
