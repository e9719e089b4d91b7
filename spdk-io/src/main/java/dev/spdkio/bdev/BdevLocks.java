// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ranges of one device that are locked, so that only the holder's I/O changes them, or quiesced, so that none
 * touches them: overlapping ones first come first served. Stands for {@code bdev_lock_lba_range}.
 *
 * <p>A range is held when every channel holds back what would change it, and what was on its way before has ended.
 *
 * <p>Thread rule: each step on the thread that locks.
 */
final class BdevLocks {
    /** A range that is locked. */
    static final class Hold {
        /** The request, or the channel, whose I/O may go on; null if the range is quiesced. */
        private final @Nullable Object holder;

        private final RangeLocks.Range range;
        private volatile boolean released;

        private Hold(RangeLocks.Range range, @Nullable Object holder) {
            this.range = range;
            this.holder = holder;
        }

        boolean isReleased() {
            return released;
        }

        /** Whether that I/O may not go on while this range is locked. NVMe commands are not looked into. */
        boolean holdsBack(BdevIo io) {
            if (released || isHoldersOwn(io)) {
                return false;
            }
            return switch (io.type) {
                case NVME_IO -> true;
                case WRITE, UNMAP, WRITE_ZEROES, ZCOPY, COMPARE_AND_WRITE -> overlaps(io.offsetBlocks, io.blockCount);
                case COPY ->
                    overlaps(io.offsetBlocks, io.blockCount)
                            || (holder == null && overlaps(io.sourceBlock(), io.blockCount));
                case ZONE_APPEND, ZONE_MANAGEMENT ->
                    overlaps(
                            io.offsetBlocks,
                            Objects.requireNonNull(io.bdev().zones()).zoneBlocks());
                case READ, COMPARE -> holder == null && overlaps(io.offsetBlocks, io.blockCount);
                case FLUSH, RESET, NVME_ADMIN, ABORT, SEEK_HOLE, SEEK_DATA, GET_ZONE_INFO -> false;
            };
        }

        private boolean overlaps(long block, long count) {
            return block <= range.last && range.first < block + count;
        }

        private boolean isHoldersOwn(BdevIo io) {
            Composite request = Composite.of(io.completion);
            return holder instanceof BdevChannel ch
                    ? io.owner == ch || (request != null && request.owner == ch)
                    : request != null && request == holder;
        }
    }

    private final Bdev bdev;
    private final RangeLocks ranges = new RangeLocks();
    private final List<Hold> holds = new ArrayList<>();

    BdevLocks(Bdev bdev) {
        this.bdev = bdev;
    }

    /**
     * Locks blocks.
     *
     * @param holder the request or the channel whose I/O may go on; null to hold reads back too
     * @param thread where each step is taken
     * @param granted called on that thread, now or later
     */
    void lock(@Nullable Object holder, SpdkThread thread, long block, long count, Consumer<Hold> granted) {
        Hold hold = new Hold(ranges.lock(block, block + count - 1), holder);
        var _ = hold.range.granted.thenRun(() -> {
            if (thread.isCurrent()) {
                engage(hold, granted);
            } else if (!thread.trySendInternal(() -> engage(hold, granted))) {
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
