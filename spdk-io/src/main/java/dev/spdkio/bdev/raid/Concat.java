// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import java.util.Arrays;

/** One base after the other, each in whole strips. The hub cuts reads and writes at strips, so at bases too. */
final class Concat extends RaidLayout {
    private final int stripBlocks;

    /** Where each base begins in the array; at the end where the array ends. */
    private final long[] starts;

    Concat(int stripBlocks, long[] available) {
        super(available.length);
        this.stripBlocks = stripBlocks;
        this.starts = new long[bases + 1];
        for (int i = 0; i < bases; i++) {
            starts[i + 1] = starts[i] + (available[i] & -stripBlocks);
        }
    }

    @Override
    long blockCount() {
        return starts[bases];
    }

    @Override
    long dataBlocks(int slot) {
        return starts[slot + 1] - starts[slot];
    }

    @Override
    void describe(BdevSpec.Builder spec) {
        spec.optimalIoBoundary(stripBlocks, true);
    }

    /** The base that has a block. */
    int slotOf(long block) {
        int found = Arrays.binarySearch(starts, block);
        int slot = found >= 0 ? found : -found - 2;
        while (starts[slot + 1] <= block) {
            slot++; // bases that have nothing
        }
        return slot;
    }

    @Override
    void submit(RaidChannel ch, BdevIo io) {
        switch (io.type()) {
            case READ, WRITE -> {
                int slot = slotOf(io.offsetBlocks());
                MemberChannel member = ch.members[slot];
                if (member == null) {
                    io.complete(IoStatus.FAILED);
                } else {
                    member.channel.forward(io, member.offset + io.offsetBlocks() - starts[slot]);
                }
            }
            case UNMAP, FLUSH -> range(ch, io);
            case RESET -> reset(ch, io);
            default -> io.complete(IoStatus.FAILED);
        }
    }

    private void range(RaidChannel ch, BdevIo io) {
        int first = slotOf(io.offsetBlocks());
        int last = slotOf(io.offsetBlocks() + io.blockCount() - 1);
        fanOut(ch, io, first, last - first + 1, (channel, parent, slot) -> {
            long from = Math.max(parent.offsetBlocks(), starts[slot]);
            long to = Math.min(parent.offsetBlocks() + parent.blockCount(), starts[slot + 1]);
            child(channel, parent, slot, from - starts[slot], to - from);
        });
    }
}
