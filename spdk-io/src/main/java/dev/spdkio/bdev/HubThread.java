// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the hub keeps for one SpdkThread: the I/O objects, those that have ended inside a submit call, and the
 * requests that wait for an object. Stands for {@code spdk_bdev_mgmt_channel}.
 *
 * <p>Lists of I/Os are rings and stacks of slot numbers, not of references: storing a number needs no collector
 * barrier.
 *
 * <p>Thread rule: owned by its thread, except {@link #badCompletion}.
 */
final class HubThread implements Runnable {
    private static final Logger LOG = System.getLogger(HubThread.class.getName());

    final SpdkThread thread;
    final BdevManager manager;
    final BounceWait bounceWait;
    final OpenFutures futures = new OpenFutures();
    private final int limit;
    private final int growth;
    private final int waitLimit;

    private BdevIo[] table = {};
    private int[] free = {};
    private int freeTop;

    /** Slots beyond the limit, for what devices make of I/O that they have. */
    private int[] extra = {};

    private int extraTop;

    /** How many {@link BdevOps#submit} calls are on the stack: while there is one, ends are deferred. */
    int submitDepth;

    private int[] ended = {};
    private int endedHead;
    private int endedCount;
    private boolean drainDeferred;

    /** Requests without an I/O object. While there are any, no object is free. */
    private final ArrayDeque<BdevIo> waiting = new ArrayDeque<>();

    /** The object that a waiting request is just given. */
    private @Nullable BdevIo handedOver;

    private final List<BdevIo> spare = new ArrayList<>();
    private final List<SplitIo> spareSplits = new ArrayList<>();

    /** Requests in parts that are under way, in no order. */
    private final List<Composite> composites = new ArrayList<>();

    private long callbackErrors;

    HubThread(SpdkThread thread, BdevManager manager) {
        this.thread = thread;
        this.manager = manager;
        this.bounceWait = new BounceWait(this);
        BdevOptions o = manager.options();
        this.limit = o.bdevIoPoolSize();
        this.growth = o.bdevIoCacheSize();
        this.waitLimit = o.ioWaitLimit();
    }

    // ---- objects ---------------------------------------------------------------------------------------------------

    /** An object to fill and to dispatch: with a slot, or without one if it has to wait. */
    BdevIo take(BdevChannel requester) {
        int top = freeTop - 1;
        if (top < 0) {
            return takeSlow(requester, true);
        }
        freeTop = top;
        return table[free[top]];
    }

    /** The same for a part of a request, which is bounded by the request. */
    BdevIo takeForPart(BdevChannel requester) {
        return freeTop > 0 ? table[free[--freeTop]] : takeSlow(requester, false);
    }

    private BdevIo takeSlow(BdevChannel requester, boolean limited) {
        if (waiting.isEmpty() && table.length < limit) {
            grow();
            return table[free[--freeTop]];
        }
        if (requester.isOfDevice) {
            // It must not wait for a slot: the requests that have the slots may be waiting for it.
            if (extraTop == 0) {
                growBeyondLimit();
            }
            return table[extra[--extraTop]];
        }
        if (limited) {
            checkRoom();
        }
        return takeForReset();
    }

    private void checkRoom() {
        if (waiting.size() + composites.size() >= waitLimit) {
            throw new LimitExceededException(
                    "ioWaitLimit",
                    waitLimit,
                    "SpdkThread " + thread.name() + " has " + table.length + " I/Os at devices and " + waiting.size()
                            + " waiting, " + composites.size()
                            + " in parts: submit no more before some complete, or raise bdevIoPoolSize");
        }
    }

    private void grow() {
        int before = table.length;
        int after = Math.min(limit, before + growth);
        free = Arrays.copyOf(free, after);
        enlarge(after);
        for (int slot = after - 1; slot >= before; slot--) {
            free[freeTop++] = slot;
        }
    }

    private void growBeyondLimit() {
        int before = table.length;
        int after = before + growth;
        extra = Arrays.copyOf(extra, after - limit);
        enlarge(after);
        for (int slot = after - 1; slot >= before; slot--) {
            extra[extraTop++] = slot;
        }
    }

    private void enlarge(int after) {
        BdevIo[] larger = Arrays.copyOf(table, after);
        for (int slot = table.length; slot < after; slot++) {
            larger[slot] = new BdevIo(this, slot);
        }
        int[] ring = new int[Math.max(2, Integer.highestOneBit(after - 1) << 1)];
        for (int i = 0; i < endedCount; i++) {
            ring[i] = ended[(endedHead + i) & (ended.length - 1)];
        }
        endedHead = 0;
        ended = ring;
        table = larger;
    }

    /** An object without a slot that does not wait for one: a reset may be what frees the slots. */
    BdevIo takeForReset() {
        return spare.isEmpty() ? new BdevIo(this, BdevIo.NO_SLOT) : spare.removeLast();
    }

    /** Gives back an object that was taken and not dispatched. */
    void untake(BdevIo io) {
        if (io.slot == BdevIo.NO_SLOT) {
            spare.add(io);
        } else {
            release(io);
        }
    }

    private void release(BdevIo io) {
        io.state = BdevIo.FREE;
        int slot = io.slot;
        if (slot < 0) {
            spare.add(io);
        } else if (slot >= limit) {
            extra[extraTop++] = slot;
        } else if (waiting.isEmpty()) {
            free[freeTop++] = slot;
        } else {
            handOver(io);
        }
    }

    private void handOver(BdevIo io) {
        handedOver = io;
        do {
            BdevIo first = waiting.removeFirst();
            io.takeOver(first);
            first.state = BdevIo.FREE;
            spare.add(first);
            io.state = BdevIo.WAITING;
            io.channel.dispatch(io);
        } while (io.state == BdevIo.FREE && !waiting.isEmpty());
        handedOver = null;
        if (io.state == BdevIo.FREE) {
            free[freeTop++] = io.slot;
        }
    }

    /** What stands for an I/O that waits long, so that others may have its slot. */
    BdevIo park(BdevIo io) {
        BdevIo parked = takeForReset();
        parked.takeOver(io);
        parked.state = BdevIo.WAITING;
        if (io == handedOver) {
            io.state = BdevIo.FREE; // the loop that handed it over gives it to the next
        } else {
            release(io);
        }
        return parked;
    }

    /** The opposite: to be dispatched. */
    BdevIo unpark(BdevIo parked) {
        BdevIo io = takeForPart(parked.requester());
        io.takeOver(parked);
        parked.state = BdevIo.FREE;
        spare.add(parked);
        return io;
    }

    /** A request that found no object: it gets the next one that is free, first come first served. */
    void await(BdevIo io) {
        io.state = BdevIo.WAITING;
        waiting.addLast(io);
    }

    // ---- ends ------------------------------------------------------------------------------------------------------

    /** An I/O has ended inside a submit call: its caller hears of it in the thread's next pass. */
    void deferEnd(BdevIo io) {
        if (io.slot < 0) {
            thread.defer(() -> end(io));
            return;
        }
        ended[(endedHead + endedCount++) & (ended.length - 1)] = io.slot;
        deferDrain();
    }

    /** Ends without the device what it does not have: never at once, since this may be inside a submit call. */
    void deferEnd(BdevIo io, IoStatus status) {
        io.status = status;
        io.state = BdevIo.DONE;
        deferEnd(io);
    }

    /** Ends the I/Os that had ended when the pass began. */
    @Override
    public void run() {
        drainDeferred = false;
        int count = endedCount;
        try {
            for (int i = 0; i < count; i++) {
                int slot = ended[endedHead];
                endedHead = (endedHead + 1) & (ended.length - 1);
                endedCount--;
                end(table[slot]);
            }
        } finally {
            if (endedCount > 0) {
                deferDrain();
            }
        }
    }

    private void deferDrain() {
        if (!drainDeferred) {
            thread.defer(this);
            drainDeferred = true;
        }
    }

    /** The end of an I/O: counts it, gives everything back and tells the caller. */
    void end(BdevIo io) {
        DeviceChannel ch = io.channel;
        IoStatus status = io.status;
        IoCompletion completion = io.completion;
        Object userData = io.userData;
        BdevChannel owner = io.owner;
        ch.stats.count(io, status, thread.now());
        io.unpin();
        release(io);
        if (ch.isWaitingForRoom()) {
            ch.retry();
        }
        tell(owner, completion, status, userData);
    }

    /** Tells the caller of a request, and then lets its channel go if that was the last thing to wait for. */
    void tell(@Nullable BdevChannel owner, IoCompletion completion, IoStatus status, @Nullable Object userData) {
        if (owner == null) {
            call(completion, status, userData);
            return;
        }
        boolean last = owner.requestEnded();
        call(completion, status, userData);
        if (last) {
            owner.letGo();
        }
    }

    /**
     * The same for what was forwarded, inside a submit call too: the end of its parent is what is deferred then. Most
     * objects of children are so used again at once, while they are in the cache.
     */
    void endForwarded(BdevIo io, IoStatus status) {
        Object parent = io.userData;
        BdevChannel owner = io.owner;
        io.channel.stats.count(io, status, thread.now());
        release(io);
        tell(owner, BdevChildren.COMPLETE_PARENT, status, parent);
    }

    void call(IoCompletion completion, IoStatus status, @Nullable Object userData) {
        try {
            completion.completed(status, userData);
        } catch (Throwable t) {
            completionFailed(completion, t);
        }
    }

    private void completionFailed(IoCompletion completion, Throwable t) {
        if (Long.bitCount(++callbackErrors) == 1) {
            LOG.log(
                    Level.ERROR,
                    "a completion on SpdkThread " + thread.name() + " threw (" + completion + ", failure "
                            + callbackErrors + "); the I/O itself has ended",
                    t);
        }
    }

    /** A device completed an I/O that it does not have, or on the wrong thread. */
    RuntimeException badCompletion(BdevIo io, IoStatus status) {
        if (thread.isCurrent() || io.state != BdevIo.AT_DEVICE) {
            return completedTwice(io, status);
        }
        SpdkThread here = SpdkThread.current();
        return counted(new WrongThreadException(io + " must be completed on its thread, but was on "
                + (here != null
                        ? "SpdkThread " + here.name()
                        : Thread.currentThread().getName())
                + ": use completeFromAnyThread"));
    }

    RuntimeException completedTwice(BdevIo io, IoStatus status) {
        return counted(new IllegalStateException(io + " is not at a device, but was completed with " + status
                + ": a device completes each I/O exactly once"));
    }

    /** Counts it, and logs it because drivers seldom look. Any thread. */
    private RuntimeException counted(RuntimeException e) {
        long count = manager.countBadCompletion();
        if (Long.bitCount(count) == 1) {
            LOG.log(Level.ERROR, "bad completion " + count + " in the " + manager, e);
        }
        return e;
    }

    // ---- requests in parts -----------------------------------------------------------------------------------------

    SplitIo takeSplit(BdevChannel requester) {
        if (!requester.isOfDevice) {
            checkRoom();
        }
        return takeSplitForPart();
    }

    /** The same for a part of a request, which is bounded by the request. */
    SplitIo takeSplitForPart() {
        SplitIo split = spareSplits.isEmpty() ? new SplitIo(this) : spareSplits.removeLast();
        track(split);
        return split;
    }

    void release(SplitIo split) {
        untrack(split);
        spareSplits.add(split);
    }

    /** A request in parts begins that is not from {@link #takeSplit}. */
    void begin(Composite request) {
        if (!request.owner.isOfDevice) {
            checkRoom();
        }
        track(request);
    }

    private void track(Composite request) {
        request.place = composites.size();
        composites.add(request);
    }

    void untrack(Composite request) {
        Composite last = composites.removeLast();
        if (last != request) {
            composites.set(request.place, last);
            last.place = request.place;
        }
    }

    List<Composite> composites() {
        return List.copyOf(composites);
    }

    // ---- aborting what waits ---------------------------------------------------------------------------------------

    /** Ends requests that wait for an object. Never inside the submit call of one of them. Says how many. */
    int abortWaiting(Predicate<BdevIo> which) {
        List<BdevIo> aborted = new ArrayList<>();
        for (Iterator<BdevIo> i = waiting.iterator(); i.hasNext(); ) {
            BdevIo io = i.next();
            if (io.mayBeAborted() && which.test(io)) {
                i.remove();
                aborted.add(io);
            }
        }
        aborted.forEach(io -> deferEnd(io, IoStatus.ABORTED));
        return aborted.size();
    }

    /** The I/Os that a device has, and those that wait for room at one or for an object. */
    List<BdevIo> underWay(Predicate<BdevIo> which) {
        List<BdevIo> found = new ArrayList<>();
        for (BdevIo io : table) {
            if ((io.state == BdevIo.AT_DEVICE || io.state == BdevIo.WAITING) && which.test(io)) {
                found.add(io);
            }
        }
        waiting.stream().filter(which).forEach(found::add);
        return found;
    }

    /** The I/Os that have a slot and are at a device. */
    List<BdevIo> atDevices(Predicate<BdevIo> which) {
        List<BdevIo> found = new ArrayList<>();
        for (BdevIo io : table) {
            if (io.state == BdevIo.AT_DEVICE && which.test(io)) {
                found.add(io);
            }
        }
        return found;
    }

    /** The I/Os that devices have had for so long. */
    List<PendingIo> pending(long atLeastNanos) {
        long until = manager.runtime().clock().nanoTime() - atLeastNanos;
        return atDevices(io -> io.submitNanos <= until).stream()
                .map(io -> PendingIo.of(
                        io.channel.bdev, io.type, io.offsetBlocks, io.blockCount, io.channel, io.submitNanos))
                .toList();
    }

    /** The thread exits; it was forced to if requests are under way. */
    void abandon() {
        futures.abandon();
        for (PendingIo io : pending(0)) {
            LOG.log(Level.ERROR, "SpdkThread {0} was forced to exit without the end of a {1}", thread.name(), io);
        }
    }

    /** A channel is gone: what idle objects still remember of its requests may go too. */
    void forget(DeviceChannel ch) {
        for (int i = 0; i < freeTop; i++) {
            table[free[i]].forget(ch);
        }
        for (int i = 0; i < extraTop; i++) {
            table[extra[i]].forget(ch);
        }
        spare.clear();
        spareSplits.clear();
    }

    @Override
    public String toString() {
        return "bdev hub of SpdkThread " + thread.name();
    }
}
