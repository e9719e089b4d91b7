// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * A lightweight scheduling context: not an OS thread, but what runs on one, called by its {@link Reactor}.
 *
 * <p>Stands for {@code spdk_thread}. Messages are the only way in from elsewhere; everything else is owner-checked and
 * throws {@link WrongThreadException} naming both threads. All callbacks of a thread run one after the other, so state
 * that belongs to a thread needs no locks. A callback must not block: use a {@link Task} for straight-line code.
 *
 * <p>A pass of a thread runs, in this order: messages, deferred callbacks, tasks, pollers, timed pollers.
 */
public final class SpdkThread {
    /** Where a thread is in its life. */
    public enum State {
        /** Takes messages and runs. */
        RUNNING,
        /** Still runs, until nothing belongs to it any more or the exit timeout has passed. */
        EXITING,
        /** Never runs again; messages are refused. */
        EXITED
    }

    /** Messages run in one pass, so that a flood does not starve the pollers. */
    static final int MESSAGES_PER_PASS = 32;

    private static final Logger LOG = System.getLogger(SpdkThread.class.getName());

    private final SpdkRuntime runtime;
    private final long id;
    private final String name;
    private final CpuSet cpuMask;
    private volatile Reactor reactor;

    /**
     * The OS thread that runs as this thread now. Each OS thread writes nothing here but itself, and null when it has
     * done so; therefore what it reads, however stale, is itself only while that is true.
     */
    private @Nullable Thread runner;

    private volatile State state = State.RUNNING;

    private final MessageQueue messages;
    private final MpscUnboundedVarHandleArrayQueue<Runnable> internal = new MpscUnboundedVarHandleArrayQueue<>(64);
    private final RunQueue deferred;
    private final PollerSet pollers = new PollerSet(this);
    private final TaskQueue tasks;
    final Map<IoDevice<?>, ChannelCore<?>> channels = new HashMap<>();
    /** Traversals that are here now. */
    final List<IoDevice.Iteration<?>> visits = new ArrayList<>();

    private final ThreadSlots slots = new ThreadSlots();
    private final ThreadExit exit = new ThreadExit(this);

    /** Operations started here that end with a callback here: they keep an exiting thread alive. */
    private final AtomicInteger pendingOperations = new AtomicInteger();

    private final CompletableFuture<Void> exited;
    private @Nullable Reactor moveTarget;
    private long now;

    private long busyNanos;
    private long idleNanos;
    private long messageCount;
    private long callbackErrors;

    SpdkThread(SpdkRuntime runtime, long id, String name, CpuSet cpuMask, Reactor reactor) {
        this.runtime = runtime;
        this.id = id;
        this.name = name;
        this.cpuMask = cpuMask;
        this.reactor = reactor;
        this.messages = new MessageQueue(runtime.limits().messagesPerThread());
        this.deferred = new RunQueue(runtime.limits().deferredPerThread());
        this.tasks = new TaskQueue(this);
        this.exited = runtime.newFuture();
        this.now = runtime.clock().nanoTime();
    }

    // ---- who am I -------------------------------------------------------------------------------------------------

    /** The thread as which the caller runs; null off the reactors and in a task's straight-line code. */
    public static @Nullable SpdkThread current() {
        return Execution.currentThread();
    }

    /**
     * The thread as which the caller runs.
     *
     * @throws WrongThreadException if the caller does not run as an SPDK thread
     */
    public static SpdkThread require() {
        SpdkThread t = current();
        if (t == null) {
            throw new WrongThreadException("must be called on an SpdkThread, but runs on "
                    + Thread.currentThread().getName() + ": send a message to the thread, or use SpdkThread.call");
        }
        return t;
    }

    /** Whether the caller runs as this thread. */
    public boolean isCurrent() {
        return runner == Thread.currentThread();
    }

    void setRunner(@Nullable Thread osThread) {
        runner = osThread;
    }

    /**
     * Refuses callers that do not run as this thread.
     *
     * @param what what was tried, for the message
     * @throws WrongThreadException naming both threads
     */
    public void checkCurrent(String what) {
        if (!isCurrent()) {
            throw wrongThread(what);
        }
    }

    private WrongThreadException wrongThread(String what) {
        SpdkThread t = current();
        return new WrongThreadException(what + " belongs to SpdkThread " + name + ", but was called on "
                + (t != null
                        ? "SpdkThread " + t.name
                        : "OS thread " + Thread.currentThread().getName())
                + ": send a message to " + name);
    }

    /** A number that no other thread of this runtime has or will have. */
    public long id() {
        return id;
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** The cores it may run on. */
    public CpuSet cpuMask() {
        return cpuMask;
    }

    /** The reactor that runs it now. Any thread. */
    public Reactor reactor() {
        return reactor;
    }

    /** The runtime it belongs to. */
    public SpdkRuntime runtime() {
        return runtime;
    }

    /** Where it is in its life. Any thread. */
    public State state() {
        return state;
    }

    /** The time of the current pass in nanoseconds: the clock as it was read once, for all. Only on this thread. */
    public long now() {
        return now;
    }

    /** The clock, read now. */
    long clockNow() {
        return runtime.clock().nanoTime();
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    /**
     * Runs {@code message} on this thread, in the order of each sender. Any thread; {@code spdk_thread_send_msg}.
     *
     * <p>While the queue is full a caller off the reactors waits; a reactor must not wait and gets an exception.
     *
     * @throws LimitExceededException on a reactor, if {@code messagesPerThread} messages wait already
     * @throws IllegalStateException if the thread has exited
     */
    public void send(Runnable message) {
        Objects.requireNonNull(message, "message");
        MessageQueue.Offer result = messages.offer(message);
        if (result == MessageQueue.Offer.FULL) {
            if (runtime.mustNotWait()) {
                throw new LimitExceededException(
                        "messagesPerThread",
                        messages.capacity(),
                        "SpdkThread " + name + " has no room for a message: send less or wait for replies");
            }
            result = messages.offerWaiting(message);
        }
        if (result == MessageQueue.Offer.CLOSED) {
            throw new IllegalStateException("SpdkThread " + name + " has exited and takes no messages");
        }
        wakeUnlessHere();
    }

    /** Like {@link #send}, but says no instead: false if there is no room or the thread has exited. Any thread. */
    public boolean trySend(Runnable message) {
        boolean accepted = messages.offer(Objects.requireNonNull(message, "message")) == MessageQueue.Offer.ACCEPTED;
        if (accepted) {
            wakeUnlessHere();
        }
        return accepted;
    }

    /** Runs {@code r} at once if the caller runs as this thread, else {@linkplain #send sends} it. */
    public void execute(Runnable r) {
        if (isCurrent()) {
            r.run();
        } else {
            send(r);
        }
    }

    /**
     * Runs {@code fn} on this thread and completes with its value or exception. Any thread; bounded as {@link #send}.
     *
     * <p>The future completes on this thread; what is attached with the {@code …Async} methods runs off it.
     */
    public <T> CompletableFuture<T> call(Callable<? extends T> fn) {
        CompletableFuture<T> future = runtime.newFuture();
        send(() -> {
            try {
                future.complete(fn.call());
            } catch (Throwable t) {
                future.completeExceptionally(t);
            }
        });
        return future;
    }

    /**
     * Fails {@code future} with ETIMEDOUT, and returns it, if it is not done after that long by the runtime's clock,
     * counted from when this thread hears of it. I/O is given up by that: aborted if it can be, with its memory in
     * flight until its end. Any thread.
     */
    public <T> CompletableFuture<T> orTimeout(CompletableFuture<T> future, Duration limit) {
        Deadline.set(this, future, limit);
        return future;
    }

    /**
     * Runs {@code r} in this thread's next pass; first in, first out, allocation-free. Only on this thread.
     *
     * @throws LimitExceededException if {@code deferredPerThread} wait already
     */
    public void defer(Runnable r) {
        checkCurrent("deferring a callback");
        deferred.add(r);
    }

    /** Like {@link #defer}, for what is bounded by construction. */
    void deferInternal(Runnable r) {
        deferred.addUnbounded(r);
    }

    /**
     * A control message that is bounded by construction (at most one for each live object), and therefore never refused
     * for want of room. Any thread.
     *
     * @throws IllegalStateException if the thread has exited
     */
    public void sendInternal(Runnable message) {
        if (!trySendInternal(message)) {
            throw new IllegalStateException("SpdkThread " + name + " has exited and takes no messages");
        }
    }

    /** Like {@link #sendInternal}, but false if the thread has exited. */
    public boolean trySendInternal(Runnable message) {
        if (!messages.enter()) {
            return false;
        }
        internal.offer(message);
        messages.leave();
        wakeUnlessHere();
        return true;
    }

    private void wakeUnlessHere() {
        Reactor r;
        do {
            r = reactor;
            if (r.isCurrent()) {
                return;
            }
            r.wake();
            // The thread may have moved before its new reactor could see what we sent: then wake that one.
        } while (r != reactor);
    }

    /** A task became runnable. Any thread. */
    void wakeForTask() {
        wakeUnlessHere();
    }

    // ---- pollers, tasks, slots ------------------------------------------------------------------------------------

    /** Begins the description of a poller of this thread. */
    public Poller.Builder poller(String pollerName) {
        return new Poller.Builder(this, pollerName);
    }

    /** The pollers that are registered now. Only on this thread. */
    public List<Poller> pollerList() {
        checkCurrent("listing pollers");
        return List.copyOf(pollers.registered());
    }

    /** The I/O channels that are open now. Only on this thread. */
    public List<String> channelNames() {
        checkCurrent("listing channels");
        List<String> names = new ArrayList<>();
        channels.keySet().forEach(d -> names.add(d.name()));
        return names;
    }

    /** The references to each I/O channel that is open now, by the name of its device. Only on this thread. */
    public Map<String, Integer> channelReferences() {
        checkCurrent("listing channels");
        Map<String, Integer> references = new TreeMap<>();
        channels.forEach((device, core) -> references.put(device.name(), core.references()));
        return references;
    }

    /**
     * Starts straight-line code on this thread. Any thread.
     *
     * @throws LimitExceededException if {@code tasksPerThread} tasks are alive already
     */
    public <T> Task<T> spawn(String taskName, Callable<? extends T> body) {
        return Task.start(this, taskName, body);
    }

    PollerSet pollers() {
        return pollers;
    }

    TaskQueue tasks() {
        return tasks;
    }

    ThreadSlots slots() {
        return slots;
    }

    MessageQueue messages() {
        return messages;
    }

    /**
     * Runs {@code r} as this thread, then becomes again what the caller was. Only on this thread's reactor, where
     * nothing else can run as it meanwhile. Stands for {@code spdk_set_thread} with its restoring counterpart.
     */
    public void runAs(Runnable r) {
        Execution e = Execution.current();
        if (e == null || e.reactor != reactor) {
            throw new WrongThreadException(
                    "running as SpdkThread " + name + " is possible only on " + reactor.name() + ", but was tried on "
                            + (e == null ? Thread.currentThread().getName() : e.reactor.name()));
        }
        if (state == State.EXITED) {
            throw new IllegalStateException("SpdkThread " + name + " has exited");
        }
        SpdkThread outer = e.runAs(this);
        try {
            r.run();
        } finally {
            e.runAs(outer);
        }
    }

    // ---- moving and exiting ---------------------------------------------------------------------------------------

    /** Moves this thread to another reactor after its current pass. Any thread. */
    public void moveTo(Reactor target) {
        if (target.runtime() != runtime) {
            throw new IllegalArgumentException("reactor " + target.name() + " belongs to another runtime");
        }
        if (!cpuMask.contains(target.core())) {
            throw new IllegalArgumentException("SpdkThread " + name + " may run on cores " + cpuMask.toListString()
                    + ", reactor " + target.name() + " runs core " + target.core());
        }
        sendInternal(() -> moveTarget = target);
    }

    @Nullable
    Reactor takeMoveTarget() {
        Reactor target = moveTarget;
        moveTarget = null;
        return target == reactor ? null : target;
    }

    void setReactor(Reactor r) {
        reactor = r;
    }

    /**
     * Asks this thread to exit: it goes on until nothing belongs to it (messages, pollers, channels, tasks, operations
     * that end here), at most for {@code exitTimeout}. Idempotent, any thread; {@code spdk_thread_exit}.
     *
     * @return {@link #exited()}
     */
    public CompletableFuture<Void> exit() {
        trySendInternal(() -> {
            if (state == State.RUNNING) {
                exit.begin(now);
                state = State.EXITING;
            }
        });
        return exited();
    }

    /** Completes when this thread has exited. */
    public CompletableFuture<Void> exited() {
        return exited.copy();
    }

    /**
     * Keeps this thread from exiting until the matching {@link #endOperation}: something began here that must end
     * here, or is owned by this thread without being a channel or a poller. Any thread.
     */
    public void beginOperation() {
        pendingOperations.getAndIncrement();
    }

    /** What {@link #beginOperation} announced has ended. Any thread. */
    public void endOperation() {
        pendingOperations.getAndDecrement();
    }

    // ---- statistics -----------------------------------------------------------------------------------------------

    /** What this thread has done so far. */
    public ThreadStats stats() {
        int active = pollers.activeCount();
        int timed = pollers.timedCount();
        return new ThreadStats(
                busyNanos,
                idleNanos,
                messageCount,
                messages.size() + internal.size(),
                active,
                timed,
                Math.max(0, pollers.registered().size() - active - timed),
                tasks.live(),
                channels.size(),
                callbackErrors);
    }

    @Override
    public String toString() {
        return "SpdkThread " + name + " (id " + id + ", " + state + ", " + reactor.name() + ")";
    }

    // ---- the pass, called by the reactor ----------------------------------------------------------------------------

    /** One pass. Returns whether it found work. */
    boolean poll(long roundNow) {
        now = roundNow;
        int work = runMessages();
        work += runDeferred();
        work += tasks.run();
        work += pollers.runActive(roundNow);
        work += pollers.runTimed(roundNow);
        boolean busy = work > 0;
        if (state != State.RUNNING) {
            busy |= exit.tryFinish(roundNow);
        }
        return busy;
    }

    void account(boolean busy, long elapsedNanos) {
        if (busy) {
            busyNanos += elapsedNanos;
        } else {
            idleNanos += elapsedNanos;
        }
    }

    private int runMessages() {
        int work = 0;
        for (Runnable r = internal.relaxedPoll(); r != null; r = internal.relaxedPoll()) {
            run(r);
            if (++work == MESSAGES_PER_PASS) {
                break;
            }
        }
        int taken = 0;
        for (Runnable r = messages.poll(); r != null; r = messages.poll()) {
            run(r);
            if (++taken == MESSAGES_PER_PASS) {
                break;
            }
        }
        if (taken > 0) {
            messages.madeRoom();
            messageCount += taken;
        }
        return work + taken;
    }

    int runDeferred() {
        int count = deferred.size();
        for (int i = 0; i < count; i++) {
            run(deferred.take());
        }
        return count;
    }

    void run(Runnable r) {
        callbackStarts();
        try {
            r.run();
        } catch (Throwable t) {
            callbackFailed(r, callbackErrors + 1, t);
        }
    }

    void callbackStarts() {
        reactor.callbackStarts();
    }

    /** Logs the first failure of a kind and then only at powers of two: a failing poller must not fill the disk. */
    void callbackFailed(Object what, long count, Throwable t) {
        callbackErrors++;
        reactor.countCallbackError();
        if (Long.bitCount(count) == 1) {
            LOG.log(
                    Level.ERROR,
                    "a callback on SpdkThread " + name + " failed (" + what + ", failure " + count + ")",
                    t);
        }
    }

    boolean hasImmediateWork() {
        return !internal.isEmpty()
                || !messages.isEmpty()
                || deferred.size() > 0
                || tasks.hasRunnable()
                || moveTarget != null
                || (state == State.EXITING && isDrained());
    }

    /** When this thread must run although nothing wakes it, or {@link PollerSet#NEVER}. */
    long nextDeadline() {
        return Math.min(pollers.nextExpiration(), exit.deadline());
    }

    boolean isDrained() {
        return internal.isEmpty()
                && messages.isEmpty()
                && deferred.size() == 0
                && !pollers.keepThreadAlive()
                && tasks.live() == 0
                && channels.isEmpty()
                && visits.isEmpty()
                && pendingOperations.get() == 0;
    }

    /** What the gate let in before it was shut. */
    void runAcceptedMessages() {
        for (Runnable r = internal.poll(); r != null; r = internal.poll()) {
            run(r);
        }
        for (Runnable r = messages.poll(); r != null; r = messages.poll()) {
            run(r);
            messageCount++;
        }
    }

    boolean setExited() {
        state = State.EXITED;
        tasks.abandon();
        return true;
    }

    /** Tells those who wait for the exit; after the runtime has forgotten this thread. */
    void announceExit() {
        exited.complete(null);
    }
}
