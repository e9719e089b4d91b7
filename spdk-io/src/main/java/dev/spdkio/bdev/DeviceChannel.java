// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A device on one thread, shared by all descriptors: hands I/O to the module, and holds back what the device has no
 * room for. Stands for {@code spdk_bdev_channel} with its shared resource.
 *
 * <p>Thread rule: owned by its thread.
 */
final class DeviceChannel {
    private static final Logger LOG = System.getLogger(DeviceChannel.class.getName());

    /** How many completions a device that had no room should see before it is asked again. */
    private static final int ROOM_AFTER = 8;

    /** How often a device that has no room is asked again while it has nothing in flight that could make some. */
    private static final Duration RETRY_PERIOD = Duration.ofMillis(10);

    private static final int FROZEN = 1;
    private static final int NO_ROOM = 2;
    private static final int LOCKED = 4;
    private static final int LIMITED = 8;

    final Bdev bdev;
    final SpdkThread thread;
    final HubThread hub;
    final ChannelStats stats = new ChannelStats();
    private final BdevOps<Object> ops;
    private final Object moduleChannel;

    /** I/Os that the device has. */
    int outstanding;

    /** 0 while I/O goes straight to the device. */
    private int gate;

    private BdevReset.@Nullable Request frozenBy;
    private final ChannelLocks locks = new ChannelLocks(this);
    private final ChannelQos qos;
    private final ArrayDeque<BdevIo> noRoom = new ArrayDeque<>();
    private int roomThreshold;
    private final Runnable retryAgain = this::pollRetry;
    private @Nullable Poller retryPoller;

    DeviceChannel(Bdev bdev, HubThread hub, BdevOps<Object> ops, Object moduleChannel) {
        this.bdev = bdev;
        this.hub = hub;
        this.thread = hub.thread;
        this.ops = ops;
        this.moduleChannel = moduleChannel;
        this.qos = new ChannelQos(this);
    }

    /** Whether I/O goes straight to the device. */
    boolean isOpen() {
        return gate == 0;
    }

    /** Sends an I/O on its way: to the device, or where it has to wait. Never ends it at once. */
    void dispatch(BdevIo io) {
        if (gate != 0 || io.slot < 0) {
            dispatchGated(io);
            return;
        }
        toDevice(io);
    }

    /** Hands an I/O to the device whatever the gate says: the reset itself, and retries. */
    void toDevice(BdevIo io) {
        HubThread h = hub;
        outstanding++;
        io.state = BdevIo.AT_DEVICE;
        h.submitDepth++;
        try {
            ops.submit(moduleChannel, io);
        } catch (Throwable t) {
            submitFailed(io, t);
        }
        h.submitDepth--;
    }

    private void submitFailed(BdevIo io, Throwable t) {
        LOG.log(Level.ERROR, "bdev " + bdev.name() + " threw on submit of " + io + "; the I/O fails", t);
        if (io.state == BdevIo.AT_DEVICE) {
            io.complete(IoStatus.FAILED);
        }
    }

    private void dispatchGated(BdevIo io) {
        if ((gate & FROZEN) != 0 && io.mayBeAborted()) {
            hub.deferEnd(io, IoStatus.ABORTED);
        } else if (io.slot < 0) {
            hub.await(io);
        } else if (!((gate & LOCKED) != 0 && locks.holdBack(io)) && !((gate & LIMITED) != 0 && qos.holdBack(io))) {
            toDeviceWithRoom(io);
        }
    }

    /** Hands an I/O to the device that nothing keeps back but want of room there. */
    void toDeviceWithRoom(BdevIo io) {
        if ((gate & NO_ROOM) == 0) {
            toDevice(io);
        } else {
            io.state = BdevIo.WAITING;
            noRoom.addLast(io);
            if (outstanding == 0) {
                retry();
            }
        }
    }

    // ---- no room at the device -------------------------------------------------------------------------------------

    boolean isWaitingForRoom() {
        return (gate & NO_ROOM) != 0;
    }

    /** The device has no room for an I/O that it was given: it goes first as soon as there may be some. */
    void waitForRoom(BdevIo io) {
        if (io.type == IoType.ABORT) {
            hub.deferEnd(io, IoStatus.FAILED);
            return;
        }
        if ((gate & FROZEN) != 0 && io.mayBeAborted()) {
            hub.deferEnd(io, IoStatus.ABORTED);
            return;
        }
        io.state = BdevIo.WAITING;
        noRoom.addFirst(io);
        gate |= NO_ROOM;
        roomThreshold = Math.max(outstanding / 2, outstanding - ROOM_AFTER);
        if (outstanding == 0 && retryPoller == null) {
            ops.awaitRoom(moduleChannel, retryAgain);
            retryPoller = thread.poller("retry of bdev " + bdev.name())
                    .period(RETRY_PERIOD)
                    .body(this::pollRetry)
                    .register();
        }
    }

    /** Gives the device what it had no room for, in order, until it says no again. */
    void retry() {
        if (outstanding > roomThreshold) {
            return;
        }
        BdevIo io = noRoom.pollFirst();
        while (io != null) {
            toDevice(io);
            if (noRoom.peekFirst() == io) {
                return;
            }
            io = noRoom.pollFirst();
        }
        roomMade();
    }

    private void roomMade() {
        gate &= ~NO_ROOM;
        Poller p = retryPoller;
        if (p != null) {
            retryPoller = null;
            p.close();
        }
    }

    private Poller.Result pollRetry() {
        if (noRoom.isEmpty()) {
            roomMade();
            return Poller.Result.IDLE;
        }
        retry();
        return Poller.Result.BUSY;
    }

    // ---- reset, removal, the end -----------------------------------------------------------------------------------

    /** From now on what is submitted is aborted; what waits is aborted now. In a message. */
    void freeze(BdevReset.Request reset) {
        frozenBy = reset;
        gate |= FROZEN;
        abortQueued();
    }

    void unfreeze() {
        gate &= ~FROZEN;
        frozenBy = null;
    }

    /**
     * Somebody opens it, perhaps when it was on its way to its end: then it was not told the end of the reset that
     * froze it.
     */
    void thaw() {
        BdevReset.Request reset = frozenBy;
        if (reset != null && reset.isOver()) {
            unfreeze();
        }
    }

    /** Ends what the device has not seen, but for a reset. In a message, never inside a submit call. */
    void abortQueued() {
        abortQueued(io -> io.channel == this);
        hub.bounceWait.abort(this);
    }

    /** Ends what the device has not seen. Never inside the submit call of one of them. Says how many. */
    int abortQueued(Predicate<BdevIo> which) {
        List<BdevIo> aborted = locks.takeHeld(which);
        aborted.addAll(qos.takeHeld(io -> io.mayBeAborted() && which.test(io)));
        for (BdevIo io : noRoom) {
            if (io.mayBeAborted() && which.test(io)) {
                aborted.add(io);
            }
        }
        noRoom.removeAll(aborted);
        if (noRoom.isEmpty()) {
            roomMade();
        }
        for (BdevIo io : aborted) {
            hub.deferEnd(io, IoStatus.ABORTED);
        }
        return aborted.size() + hub.abortWaiting(which);
    }

    /** Asks the device to end an I/O early that it has. */
    void abortAtDevice(BdevIo target, IoCompletion whenDone) {
        HubThread h = hub;
        BdevIo io = h.takeForReset();
        io.request(this, null, IoType.ABORT, 0, 0, whenDone, null);
        io.partDescHandle = target.descHandle();
        outstanding++;
        io.state = BdevIo.AT_DEVICE;
        h.submitDepth++;
        try {
            ops.abort(moduleChannel, target, io);
        } catch (Throwable t) {
            submitFailed(io, t);
        }
        h.submitDepth--;
    }

    // ---- locked ranges, limits -------------------------------------------------------------------------------------

    ChannelLocks locks() {
        return locks;
    }

    void setLocked(boolean locked) {
        gate = locked ? gate | LOCKED : gate & ~LOCKED;
    }

    void setLimited(boolean limited) {
        gate = limited ? gate | LIMITED : gate & ~LIMITED;
        if (!limited) {
            qos.goOn(); // before what comes now
        }
    }

    /** Whether some I/O that changes the device is on its way to it or there. */
    boolean hasUnderWay(Predicate<BdevIo> which) {
        return noRoom.stream().anyMatch(which)
                || !qos.held(which).isEmpty()
                || !hub.atDevices(io -> io.channel == this && which.test(io)).isEmpty();
    }

    // ---- requests under way ----------------------------------------------------------------------------------------

    /** Sees a request, if it wants to, and when it was submitted. */
    interface RequestVisitor {
        void visit(Supplier<TimedOutIo> io, long submitNanos);
    }

    /** Visits what was submitted on {@code owner} and has not ended, but for aborts. */
    void visitRequests(BdevChannel owner, RequestVisitor visitor) {
        List<BdevIo> ios = hub.underWay(io -> io.owner == owner);
        ios.addAll(locks.held(io -> io.owner == owner));
        for (BdevIo io : ios) {
            visitor.visit(
                    () -> new TimedOutIo(
                            owner, io.type, io.offsetBlocks, io.blockCount, io.completion, io.userData, io.submitNanos),
                    io.submitNanos);
        }
        for (Composite c : hub.composites()) {
            if (c.owner == owner && c.isRoot()) {
                visitor.visit(
                        () -> new TimedOutIo(
                                owner,
                                c.asked,
                                c.firstBlock,
                                c.blockCount,
                                Objects.requireNonNull(c.completion),
                                c.userData,
                                c.submitNanos),
                        c.submitNanos);
            }
        }
        bdev.reset.visitRequests(owner, visitor);
    }

    void destroy() {
        roomMade();
        qos.takeHeld(_ -> true);
        bdev.channelClosed(this);
        hub.forget(this);
        ops.closeChannel(moduleChannel);
    }
}
