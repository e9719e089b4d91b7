// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import org.jspecify.annotations.Nullable;

/**
 * The same blocks on every base. A read goes to the member that has least to read on this thread, of those the one
 * whose last read ended closest; one that fails goes to the others in turn, and what they have is written back.
 */
final class Raid1 extends RedundantLayout {
    private final long blocks;

    Raid1(long[] available) {
        super(available.length);
        this.blocks = smallest(available);
    }

    @Override
    long blockCount() {
        return blocks;
    }

    @Override
    long dataBlocks(int slot) {
        return blocks;
    }

    @Override
    void describe(BdevSpec.Builder spec) {}

    @Override
    long baseBlock(long block) {
        return block;
    }

    @Override
    long blockInBase(long block) {
        return block;
    }

    @Override
    long baseEnd(long end) {
        return end;
    }

    @Override
    long copyUnit() {
        return 1;
    }

    @Override
    void write(RaidChannel ch, BdevIo io) {
        int children = 0;
        for (MemberChannel member : ch.members) {
            children += member != null ? 1 : 0;
        }
        if (children == 0) {
            io.complete(IoStatus.FAILED);
        } else if (ch.begin(io, children)) {
            for (MemberChannel member : ch.members) {
                if (member != null) {
                    child(ch, member, io, 0, io.offsetBlocks(), io.blockCount());
                }
            }
        }
    }

    // ---- reads: the slot that was asked first is in the driver's number --------------------------------------------

    @Override
    void read(RaidChannel ch, BdevIo io) {
        MemberChannel member = choose(ch, io.offsetBlocks(), io.blockCount());
        if (member == null) {
            io.complete(IoStatus.FAILED);
        } else {
            io.setDriverLong(member.member.slot());
            ask(ch, member, io);
        }
    }

    /** Where members may differ all reads go to the first one, so that they agree with each other. */
    private static @Nullable MemberChannel choose(RaidChannel ch, long block, long count) {
        boolean first = ch.isSuspect(block, count);
        MemberChannel best = null;
        for (MemberChannel member : ch.members) {
            if (member == null || !member.has(block, count)) {
                continue;
            }
            if (first) {
                return member;
            }
            if (best == null
                    || member.reading < best.reading
                    || (member.reading == best.reading
                            && Math.abs(member.lastEnd - block) < Math.abs(best.lastEnd - block))) {
                best = member;
            }
        }
        return best;
    }

    private void ask(RaidChannel ch, MemberChannel member, BdevIo io) {
        long block = io.offsetBlocks();
        long count = io.blockCount();
        member.reading += count;
        member.lastEnd = block + count;
        try {
            member.channel.submitChild(io, IoType.READ, 0, member.offset + block, count, member.read, io);
        } catch (RuntimeException e) {
            ch.refused(e, io);
            readEnded(ch, member, io, IoStatus.FAILED);
        }
    }

    @Override
    void readEnded(RaidChannel ch, MemberChannel member, BdevIo io, IoStatus status) {
        member.reading -= io.blockCount();
        int first = (int) io.driverLong();
        int slot = member.member.slot();
        if (status.isSuccess()) {
            if (slot != first) {
                ch.repair(first, io.offsetBlocks(), io.blockCount());
            }
            io.complete(IoStatus.SUCCESS);
            return;
        }
        if (status.kind() == IoStatus.Kind.ABORTED && ch.array().resets().isUnderWay()) {
            io.complete(status); // not a failure of another member, which may be faulty
            return;
        }
        for (int next = (slot + 1) % bases; next != first; next = (next + 1) % bases) {
            MemberChannel other = ch.members[next];
            if (other != null && other.has(io.offsetBlocks(), io.blockCount())) {
                ask(ch, other, io);
                return;
            }
        }
        io.complete(status);
    }
}
