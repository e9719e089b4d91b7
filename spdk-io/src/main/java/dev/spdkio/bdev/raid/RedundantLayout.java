// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;

/** A layout that can do without a base. */
abstract sealed class RedundantLayout extends RaidLayout permits Raid1, Raid5f {
    RedundantLayout(int bases) {
        super(bases);
    }

    /** The block of each base, from the beginning of its data, where what belongs to that block of the array begins. */
    abstract long baseBlock(long block);

    /** The block of the base that has that block of the array. */
    abstract long blockInBase(long block);

    /** The block of each base behind all that belongs to the blocks of the array before {@code end}. */
    abstract long baseEnd(long end);

    /** Blocks of the array that are copied together: windows are multiples of it. */
    abstract long copyUnit();

    abstract void read(RaidChannel ch, BdevIo io);

    abstract void write(RaidChannel ch, BdevIo io);

    /** The child of a read has ended. */
    abstract void readEnded(RaidChannel ch, MemberChannel member, BdevIo io, IoStatus status);

    @Override
    final void submit(RaidChannel ch, BdevIo io) {
        switch (io.type()) {
            case READ -> read(ch, io);
            case WRITE -> write(ch, io);
            case UNMAP, FLUSH -> toAll(ch, io);
            case RESET -> reset(ch, io);
            default -> io.complete(IoStatus.FAILED);
        }
    }

    /** Sends the request to each member that has that type. */
    private void toAll(RaidChannel ch, BdevIo io) {
        int children = 0;
        for (MemberChannel member : ch.members) {
            children += member != null && member.passes(io.type()) ? 1 : 0;
        }
        if (children == 0) {
            io.complete(io.type() == IoType.FLUSH && ch.isOnline() ? IoStatus.SUCCESS : IoStatus.FAILED);
            return;
        }
        if (!ch.begin(io, children)) {
            return;
        }
        long from = baseBlock(io.offsetBlocks());
        long count = baseEnd(io.offsetBlocks() + io.blockCount()) - from;
        for (MemberChannel member : ch.members) {
            if (member != null && member.passes(io.type())) {
                child(ch, member, io, 0, from, count);
            }
        }
    }

    /** Sends a child of a write. */
    static void child(RaidChannel ch, MemberChannel member, BdevIo io, long firstByte, long from, long count) {
        try {
            member.channel.submitChild(io, io.type(), firstByte, member.offset + from, count, member.written, io);
        } catch (RuntimeException e) {
            ch.refused(e, io);
            ch.written(member, io, IoStatus.FAILED);
        }
    }
}
