// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An array on one thread: the channels of its members, and the writes that must not end yet or not begin yet.
 *
 * <p>A write that a member refused is not acknowledged before the array has written down, on the others, that this
 * member is out: no power cut can bring the old data back. A write to blocks that are just being copied waits until
 * they are.
 *
 * <p>What a write keeps in {@link BdevIo#driverLong}: how many children are left, what became of them, and whether it
 * began before the last change of the locked range.
 *
 * <p>Thread rule: owned by its thread.
 */
final class RaidChannel {
    private static final Logger LOG = System.getLogger(RaidChannel.class.getName());

    private static final long LEFT = 0xffff;
    private static final long DONE_ONE = 1L << 16;
    private static final long DONE = 0xffffL << 16;
    private static final long REFUSED = 1L << 32;
    private static final long ABORTED = 1L << 33;
    private static final long EPOCH = 1L << 34;

    private final RaidBdev array;
    final SpdkThread thread;
    final @Nullable MemberChannel[] members;

    final RaidLayout layout;
    final RaidLayout.FanOut fanOut = new RaidLayout.FanOut(this);
    final StripePool stripes;

    private RaidView view;

    /** Writes that have not ended, by whether they began in this epoch or the one before. */
    private final int[] writes = new int[2];

    private int epoch;
    private @Nullable Runnable whenDrained;
    private final ArrayDeque<BdevIo> locked = new ArrayDeque<>();

    /** Writes whose children have ended, one of them badly, and the members that were to blame. */
    private final ArrayDeque<BdevIo> unsettled = new ArrayDeque<>();

    private final List<RaidMember> blamed = new ArrayList<>();

    private @Nullable IoChannel<RaidChannel> handle;
    private boolean closed;

    RaidChannel(RaidBdev array, SpdkThread thread) {
        this.array = array;
        this.thread = thread;
        this.members = new MemberChannel[array.slots()];
        this.layout = array.layout();
        this.stripes = new StripePool(this);
        this.view = RaidView.of(new RaidMember[array.slots()], RaidView.NOTHING);
    }

    void hold(IoChannel<RaidChannel> reference) {
        handle = reference;
    }

    /** Gives back the reference of the device's user. */
    void letGo() {
        Objects.requireNonNull(handle).close();
    }

    /** The last reference is gone, and nothing is in flight. */
    void close() {
        closed = true;
        for (int slot = 0; slot < members.length; slot++) {
            replace(slot, null);
        }
        stripes.close();
    }

    // ---- what the app thread says ----------------------------------------------------------------------------------

    /** Takes over what has changed in the array. Idempotent. */
    void apply(RaidView now) {
        if (closed) {
            return;
        }
        boolean lockMoved = now.lockFirst() != view.lockFirst() || now.lockEnd() != view.lockEnd();
        if (lockMoved && now.isLocked()) {
            epoch ^= 1;
        }
        view = now;
        for (int slot = 0; slot < members.length; slot++) {
            RaidMember member = now.members().get(slot);
            MemberChannel mine = members[slot];
            if ((mine == null ? null : mine.member) != member) {
                mine = replace(slot, member);
            }
            if (mine != null) {
                mine.readEnd =
                        blamed.contains(mine.member) ? 0 : slot == now.target() ? now.targetEnd() : RaidView.NOTHING;
            }
        }
        settle();
        if (lockMoved) {
            beginLocked();
        }
    }

    private @Nullable MemberChannel replace(int slot, @Nullable RaidMember member) {
        MemberChannel old = members[slot];
        if (old != null) {
            old.close(); // what it has in flight goes on to its end
        }
        members[slot] = null;
        if (member == null || member.base().desc().isClosed()) {
            return null;
        }
        try {
            MemberChannel made = new MemberChannel(this, member);
            members[slot] = made;
            return made;
        } catch (RuntimeException e) {
            array.failed(member, e.toString());
            return null;
        }
    }

    /** Runs {@code done} when the writes that began before the range was locked have ended. */
    void drain(Runnable done) {
        if (writes[epoch ^ 1] == 0) {
            done.run();
        } else {
            whenDrained = done;
        }
    }

    boolean isSuspect(long block, long count) {
        return block + count > view.suspectFrom();
    }

    boolean isOnline() {
        return !view.offline();
    }

    /** Has what could not be read from a member, but could from the others, written to it. */
    void repair(int slot, long block, long count) {
        MemberChannel member = members[slot];
        if (member != null) {
            array.repair(member.member, block, count);
        }
    }

    RaidBdev array() {
        return array;
    }

    // ---- writes ----------------------------------------------------------------------------------------------------

    /** Whether a write may begin now, with that many children; else it is begun again when it may. */
    boolean begin(BdevIo io, int children) {
        long block = io.offsetBlocks();
        if (block < view.lockEnd() && block + io.blockCount() > view.lockFirst() && io.type() != IoType.FLUSH) {
            locked.addLast(io);
            return false;
        }
        writes[epoch]++;
        io.setDriverLong(children | (epoch == 0 ? 0 : EPOCH));
        return true;
    }

    private void beginLocked() {
        int count = locked.size();
        for (int i = 0; i < count; i++) {
            layout.submit(this, locked.removeFirst());
        }
    }

    /** A child of a write has ended, or could not begin. */
    void written(MemberChannel member, BdevIo io, IoStatus status) {
        long state = io.driverLong() - 1;
        if (status.isSuccess()) {
            state += DONE_ONE;
        } else if (status.kind() == IoStatus.Kind.ABORTED && array.resets().isUnderWay()) {
            state |= ABORTED;
        } else {
            state |= REFUSED;
            blame(member, status.toString());
        }
        io.setDriverLong(state);
        if ((state & LEFT) == 0) {
            childrenDone(io, state);
        }
    }

    private void childrenDone(BdevIo io, long state) {
        if ((state & REFUSED) == 0) {
            end(io, state);
        } else if (isSettled()) {
            blamed.clear();
            end(io, state);
        } else {
            unsettled.addLast(io);
        }
    }

    private void end(BdevIo io, long state) {
        int began = (state & EPOCH) == 0 ? 0 : 1;
        IoStatus result = IoStatus.SUCCESS;
        if (view.offline() || (state & (DONE | ABORTED)) == 0) {
            result = IoStatus.FAILED;
        } else if ((state & ABORTED) != 0) {
            result = IoStatus.ABORTED;
            array.resync(io.offsetBlocks(), io.blockCount());
        }
        layout.writeEnded(this, io);
        io.complete(result);
        Runnable drained = whenDrained;
        if (--writes[began] == 0 && drained != null && began != epoch) {
            whenDrained = null;
            drained.run();
        }
    }

    /** Whether everybody who was to blame here is out of the array, on record. */
    private boolean isSettled() {
        if (!view.settled()) {
            return false;
        }
        for (RaidMember member : blamed) {
            if (view.has(member) && !view.offline()) {
                return false;
            }
        }
        return true;
    }

    private void settle() {
        if (blamed.isEmpty() || !isSettled()) {
            return;
        }
        blamed.clear();
        for (int left = unsettled.size(); left > 0; left--) {
            BdevIo io = unsettled.removeFirst();
            end(io, io.driverLong());
        }
    }

    /** A member did not do what it had to: it is read from no more, and leaves the array. */
    void blame(MemberChannel member, String why) {
        member.readEnd = 0;
        if (!blamed.contains(member.member)) {
            blamed.add(member.member);
            array.failed(member.member, why);
        }
    }

    // ---- the rest --------------------------------------------------------------------------------------------------

    /** A base took no child. */
    void refused(RuntimeException e, @Nullable BdevIo io) {
        LOG.log(Level.WARNING, "raid bdev " + array.name() + ": a base took no part of " + io, e);
    }

    void beginReset() {
        array.resets().begin();
    }

    /** All bases are reset. What they aborted has arrived on all threads before those are no longer expected to. */
    void endReset(BdevIo io, IoStatus status) {
        array.endReset(() -> io.complete(status));
    }
}
