// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.sys.Errno;

/**
 * Stripes of one strip a base, one of which is the exclusive-or of the others: in the last base in the first stripe,
 * and one base further to the front in each stripe that follows.
 *
 * <p>Only whole stripes are written, which the hub cuts writes into, so that parity never needs what was there before.
 * A strip whose base is missing, or cannot be read, is put together from the others.
 */
final class Raid5f extends RedundantLayout {
    /** What a strip that cannot be told is: better none than a wrong one. */
    private static final IoStatus UNKNOWN = IoStatus.aio(Errno.EIO);

    private final int stripBlocks;
    private final int shift;
    private final int dataStrips;
    private final long stripeBlocks;
    private final long baseBlocks;
    private final StripeLocks locks = new StripeLocks();

    Raid5f(int stripBlocks, long[] available) {
        super(available.length);
        this.stripBlocks = stripBlocks;
        this.shift = Integer.numberOfTrailingZeros(stripBlocks);
        this.dataStrips = bases - 1;
        this.stripeBlocks = (long) stripBlocks * dataStrips;
        this.baseBlocks = smallest(available) & -stripBlocks;
    }

    @Override
    long blockCount() {
        return baseBlocks * dataStrips;
    }

    @Override
    long dataBlocks(int slot) {
        return baseBlocks;
    }

    @Override
    void describe(BdevSpec.Builder spec) {
        spec.optimalIoBoundary(stripBlocks, true).writeUnitSize(Math.toIntExact(stripeBlocks), true);
    }

    @Override
    boolean handsOn(IoType type) {
        return type == IoType.FLUSH; // an unmap would have to unmap whole stripes, parity and all
    }

    int stripBlocks() {
        return stripBlocks;
    }

    @Override
    long baseBlock(long block) {
        return (block / stripeBlocks) << shift;
    }

    @Override
    long blockInBase(long block) {
        return baseBlock(block) + (block & (stripBlocks - 1));
    }

    @Override
    long baseEnd(long end) {
        return ((end + stripeBlocks - 1) / stripeBlocks) << shift;
    }

    @Override
    long copyUnit() {
        return stripeBlocks;
    }

    int paritySlot(long stripe) {
        return dataStrips - (int) (stripe % bases);
    }

    /** The base that has strip {@code strip} of the data of a stripe. */
    int dataSlot(long stripe, int strip) {
        return strip < paritySlot(stripe) ? strip : strip + 1;
    }

    // ---- writes: one stripe each -----------------------------------------------------------------------------------

    @Override
    void write(RaidChannel ch, BdevIo io) {
        long number = io.offsetBlocks() / stripeBlocks;
        int paritySlot = paritySlot(number);
        int children = 0;
        for (MemberChannel member : ch.members) {
            children += member != null ? 1 : 0;
        }
        if (children < dataStrips) {
            io.complete(IoStatus.FAILED);
            return;
        }
        long stripBytes = io.lengthBytes() / dataStrips;
        Stripe stripe = ch.stripes.take(dataStrips, stripBytes);
        if (stripe == null || !locks.tryWrite(number)) {
            if (stripe != null) {
                ch.stripes.giveBack(stripe);
            }
            io.complete(IoStatus.NOMEM);
            return;
        }
        stripe.number = number;
        io.setDriverRef(stripe);
        if (!ch.begin(io, children)) {
            writeEnded(ch, io);
            return;
        }
        MemberChannel parity = ch.members[paritySlot];
        if (parity != null) {
            stripe.computeParity(io, stripBytes);
        }
        long from = number << shift;
        for (int strip = 0; strip < dataStrips; strip++) {
            MemberChannel member = ch.members[dataSlot(number, strip)];
            if (member != null) {
                child(ch, member, io, strip * stripBytes, from, stripBlocks);
            }
        }
        if (parity != null) {
            writeParity(ch, parity, stripe, io, from);
        }
    }

    private void writeParity(RaidChannel ch, MemberChannel parity, Stripe stripe, BdevIo io, long from) {
        try {
            parity.channel.submitWriteBlocks(
                    stripe.buffers.getFirst(), parity.offset + from, stripBlocks, parity.written, io);
        } catch (RuntimeException e) {
            ch.refused(e, io);
            ch.written(parity, io, IoStatus.FAILED);
        }
    }

    @Override
    void writeEnded(RaidChannel ch, BdevIo io) {
        if (io.driverRef() instanceof Stripe stripe && io.type() == IoType.WRITE) {
            io.setDriverRef(null);
            locks.endWrite(stripe.number);
            ch.stripes.giveBack(stripe);
        }
    }

    // ---- reads: within one strip -----------------------------------------------------------------------------------

    @Override
    void read(RaidChannel ch, BdevIo io) {
        long number = io.offsetBlocks() / stripeBlocks;
        long inStripe = io.offsetBlocks() - number * stripeBlocks;
        int slot = dataSlot(number, (int) (inStripe >> shift));
        MemberChannel member = ch.members[slot];
        if (member == null || !member.has(io.offsetBlocks(), io.blockCount())) {
            putTogether(ch, io, slot, -1);
            return;
        }
        long from = blockInBase(io.offsetBlocks());
        try {
            member.channel.submitChild(io, IoType.READ, 0, member.offset + from, io.blockCount(), member.read, io);
        } catch (RuntimeException e) {
            ch.refused(e, io);
            putTogether(ch, io, slot, slot);
        }
    }

    @Override
    void readEnded(RaidChannel ch, MemberChannel member, BdevIo io, IoStatus status) {
        if (status.isSuccess()
                || (status.kind() == IoStatus.Kind.ABORTED
                        && ch.array().resets().isUnderWay())) {
            io.complete(status);
        } else {
            putTogether(ch, io, member.member.slot(), member.member.slot());
        }
    }

    /** Reads what the other bases have, if their stripe can be trusted. */
    private void putTogether(RaidChannel ch, BdevIo io, int slot, int failedSlot) {
        long block = io.offsetBlocks();
        long count = io.blockCount();
        if (ch.isSuspect(block, count)) {
            io.complete(UNKNOWN);
            return;
        }
        for (int other = 0; other < bases; other++) {
            MemberChannel member = ch.members[other];
            if (other != slot && (member == null || !member.has(block, count))) {
                io.complete(IoStatus.FAILED);
                return;
            }
        }
        long number = block / stripeBlocks;
        Stripe stripe =
                ch.stripes.take(dataStrips, (long) stripBlocks * io.bdev().blockSize());
        if (stripe == null || !locks.tryRead(number)) {
            if (stripe != null) {
                ch.stripes.giveBack(stripe);
            }
            io.complete(IoStatus.NOMEM);
            return;
        }
        stripe.number = number;
        stripe.io = io;
        stripe.failedSlot = failedSlot;
        stripe.expect(dataStrips);
        long from = blockInBase(block);
        int buffer = 0;
        for (int other = 0; other < bases; other++) {
            MemberChannel member = ch.members[other];
            if (other != slot && member != null) {
                read(ch, member, stripe, buffer++, from, count);
            }
        }
    }

    private static void read(RaidChannel ch, MemberChannel member, Stripe stripe, int buffer, long from, long count) {
        try {
            member.channel.submitReadBlocks(stripe.buffers.get(buffer), member.offset + from, count, stripe, null);
        } catch (RuntimeException e) {
            ch.refused(e, stripe.io);
            stripe.completed(IoStatus.FAILED, null);
        }
    }

    /** The other bases have been read. */
    void putTogether(RaidChannel ch, Stripe stripe, BdevIo io, IoStatus status) {
        if (status.isSuccess()) {
            stripe.xorInto(io, dataStrips);
            if (stripe.failedSlot >= 0) {
                ch.repair(stripe.failedSlot, io.offsetBlocks(), io.blockCount());
            }
        }
        locks.endRead(stripe.number);
        stripe.io = null;
        ch.stripes.giveBack(stripe);
        io.complete(status);
    }
}
