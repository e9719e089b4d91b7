// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the blocks of an array are on its bases, and how its I/O becomes theirs: one subclass a level.
 *
 * <p>Thread rule: immutable, so that all channels share it; what {@link #submit} changes belongs to the channel.
 */
abstract sealed class RaidLayout permits Concat, Raid0, RedundantLayout {
    final int bases;

    RaidLayout(int bases) {
        this.bases = bases;
    }

    /**
     * The layout of an array.
     *
     * @param stripBlocks a power of two; 0 for a level without strips
     * @param available the blocks that each base has for data
     */
    static RaidLayout of(RaidLevel level, int stripBlocks, long[] available) {
        return switch (level) {
            case RAID0 -> new Raid0(stripBlocks, available);
            case CONCAT -> new Concat(stripBlocks, available);
            case RAID1 -> new Raid1(available);
            case RAID5F -> new Raid5f(stripBlocks, available);
        };
    }

    static long smallest(long[] available) {
        long smallest = Long.MAX_VALUE;
        for (long blocks : available) {
            smallest = Math.min(smallest, blocks);
        }
        return smallest;
    }

    /** How many blocks the array has. */
    abstract long blockCount();

    /** How many blocks for data it uses of a base. */
    abstract long dataBlocks(int slot);

    /** Has the hub cut I/O as this layout wants it. */
    abstract void describe(BdevSpec.Builder spec);

    /** Whether it can hand that type on to bases that have it, other than read, write and reset. */
    boolean handsOn(IoType type) {
        return type == IoType.UNMAP || type == IoType.FLUSH;
    }

    /** Does an I/O, on the thread of the channel. */
    abstract void submit(RaidChannel ch, BdevIo io);

    /** A write has ended, and is about to be completed: gives back what it had. */
    void writeEnded(RaidChannel ch, BdevIo io) {}

    /** One range of one base, of the same type as the request. */
    interface Child {
        void submit(RaidChannel ch, BdevIo io, int slot);
    }

    /** Sends {@code count} children, to the bases from {@code first} on; the request ends well if all of them do. */
    final void fanOut(RaidChannel ch, BdevIo io, int first, int count, Child child) {
        io.setDriverLong(count);
        io.setDriverRef(null);
        for (int i = 0; i < count; i++) {
            try {
                child.submit(ch, io, first + i < bases ? first + i : first + i - bases);
            } catch (RuntimeException e) {
                ch.refused(e, io);
                ch.fanOut.completed(IoStatus.FAILED, io);
            }
        }
    }

    /** Unmaps or flushes a range of a base. One that has no flush has nothing to flush. */
    static void child(RaidChannel ch, BdevIo io, int slot, long from, long count) {
        MemberChannel member = ch.members[slot];
        if (member == null) {
            ch.fanOut.completed(IoStatus.FAILED, io);
        } else if (count == 0 || !member.passes(io.type())) {
            ch.fanOut.completed(IoStatus.SUCCESS, io);
        } else {
            member.channel.submitChild(io, io.type(), 0, member.offset + from, count, ch.fanOut, io);
        }
    }

    /** Resets all bases that are there. */
    final void reset(RaidChannel ch, BdevIo io) {
        ch.beginReset();
        fanOut(ch, io, 0, bases, (channel, parent, slot) -> {
            MemberChannel member = channel.members[slot];
            if (member == null) {
                channel.fanOut.completed(IoStatus.SUCCESS, parent);
            } else {
                member.channel.submitChild(parent, IoType.RESET, 0, 0, 0, channel.fanOut, parent);
            }
        });
    }

    /** The end of the children of requests that need them all. */
    static final class FanOut implements IoCompletion {
        private final RaidChannel channel;

        FanOut(RaidChannel channel) {
            this.channel = channel;
        }

        @Override
        public void completed(IoStatus status, @Nullable Object parent) {
            BdevIo io = (BdevIo) Objects.requireNonNull(parent);
            if (!status.isSuccess()) {
                io.setDriverRef(status);
            }
            long left = io.driverLong() - 1;
            io.setDriverLong(left);
            if (left > 0) {
                return;
            }
            IoStatus failure = (IoStatus) io.driverRef();
            io.setDriverRef(null);
            IoStatus result = failure == null ? IoStatus.SUCCESS : failure;
            if (io.type() == IoType.RESET) {
                channel.endReset(io, result);
            } else {
                io.complete(result);
            }
        }
    }
}
