// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The ranges of one device that are locked, so that only the holder's I/O changes them: overlapping ones first come
 * first served. Stands for {@code bdev_lock_lba_range}.
 *
 * <p>A range is held when every channel holds back what would change it, and what was on its way before has ended.
 *
 * <p>Thread rule: each step on the thread of the request that locks.
 */
final class BdevLocks {
    /** A range that is locked. */
    static final class Hold {
        final Composite holder;
        private final RangeLocks.Range range;
        private volatile boolean released;

        private Hold(RangeLocks.Range range, Composite holder) {
            this.range = range;
            this.holder = holder;
        }

        boolean isReleased() {
            return released;
        }

        /** Whether that I/O may not go on while this range is locked. NVMe commands are not looked into. */
        boolean holdsBack(BdevIo io) {
            if (released || Composite.of(io.completion) == holder) {
                return false;
            }
            return switch (io.type) {
                case NVME_IO -> true;
                case WRITE, UNMAP, WRITE_ZEROES, ZCOPY, COMPARE_AND_WRITE, COPY ->
                    io.offsetBlocks <= range.last && range.first < io.offsetBlocks + io.blockCount;
                case READ, FLUSH, RESET, NVME_ADMIN, COMPARE, ABORT, SEEK_HOLE, SEEK_DATA -> false;
            };
        }
    }

    private final Bdev bdev;
    private final RangeLocks ranges = new RangeLocks();
    private final List<Hold> holds = new ArrayList<>();

    BdevLocks(Bdev bdev) {
        this.bdev = bdev;
    }

    /**
     * Locks blocks for a request.
     *
     * @param granted called on the thread of the request, now or later
     */
    void lock(Composite holder, long block, long count, Consumer<Hold> granted) {
        Hold hold = new Hold(ranges.lock(block, block + count - 1), holder);
        var _ = hold.range.granted.thenRun(() -> {
            if (holder.hub.thread.isCurrent()) {
                engage(hold, granted);
            } else if (!holder.hub.thread.trySendInternal(() -> engage(hold, granted))) {
                ranges.unlock(hold.range);
            }
        });
    }

    private void engage(Hold hold, Consumer<Hold> granted) {
        synchronized (holds) {
            holds.add(hold);
        }
        bdev.ioDevice.forEachChannel(i -> i.context().locks().add(hold, i::next), _ -> granted.accept(hold));
    }

    /**
     * Lets a range go.
     *
     * @param done called on the calling thread, now or later
     */
    void unlock(Hold hold, Runnable done) {
        synchronized (holds) {
            holds.remove(hold);
            hold.released = true;
        }
        bdev.ioDevice.forEachChannel(
                i -> {
                    i.context().locks().prune();
                    i.next();
                },
                _ -> {
                    ranges.unlock(hold.range);
                    done.run();
                });
    }

    /** A new channel holds back what the others do. */
    void lockOn(DeviceChannel channel) {
        synchronized (holds) {
            holds.forEach(hold -> channel.locks().add(hold, () -> {}));
        }
    }

    int count() {
        return ranges.count();
    }
}
