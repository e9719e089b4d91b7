// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;

/** Strips in turn on each base. The hub cuts reads and writes at strips, so that each goes to one base as it is. */
final class Raid0 extends RaidLayout {
    private final int stripBlocks;
    private final int shift;
    private final long mask;
    private final long baseBlocks;

    Raid0(int stripBlocks, long[] available) {
        super(available.length);
        this.stripBlocks = stripBlocks;
        this.shift = Integer.numberOfTrailingZeros(stripBlocks);
        this.mask = stripBlocks - 1L;
        this.baseBlocks = smallest(available) & ~mask;
    }

    @Override
    long blockCount() {
        return baseBlocks * bases;
    }

    @Override
    long dataBlocks(int slot) {
        return baseBlocks;
    }

    @Override
    void describe(BdevSpec.Builder spec) {
        if (bases > 1) {
            spec.optimalIoBoundary(stripBlocks, true);
        }
    }

    @Override
    void submit(RaidChannel ch, BdevIo io) {
        switch (io.type()) {
            case READ, WRITE -> {
                long block = io.offsetBlocks();
                long strip = block >> shift;
                long row = strip / bases;
                MemberChannel member = ch.members[(int) (strip - row * bases)];
                if (member == null) {
                    io.complete(IoStatus.FAILED);
                } else {
                    member.channel.forward(io, member.offset + (row << shift) + (block & mask));
                }
            }
            case UNMAP, FLUSH -> range(ch, io);
            case RESET -> reset(ch, io);
            default -> io.complete(IoStatus.FAILED);
        }
    }

    /** How many blocks of a base come before block {@code block} of the array: strips take turns. */
    long before(int slot, long block) {
        long strip = block >> shift;
        long row = strip / bases;
        int turn = (int) (strip - row * bases);
        return (row << shift) + (slot < turn ? stripBlocks : slot == turn ? block & mask : 0);
    }

    /** The strips of a range follow each other on each base. */
    private void range(RaidChannel ch, BdevIo io) {
        long block = io.offsetBlocks();
        long end = block + io.blockCount();
        long strips = ((end - 1) >> shift) - (block >> shift) + 1;
        int first = (int) ((block >> shift) % bases);
        fanOut(ch, io, first, (int) Math.min(strips, bases), (channel, parent, slot) -> {
            long from = before(slot, parent.offsetBlocks());
            long to = before(slot, parent.offsetBlocks() + parent.blockCount());
            child(channel, parent, slot, from, to - from);
        });
    }
}
