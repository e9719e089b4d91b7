// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The loop of one core: runs events, then one pass of each of its {@link SpdkThread}s, then idles.
 *
 * <p>In a real runtime it owns one OS thread, pinned to its core where the system allows it; in a simulated one it is
 * called by hand. The clock is read once a round, and once more after each busy thread that others follow.
 */
public final class Reactor {
    /** Events run in one round. */
    static final int EVENTS_PER_ROUND = 32;

    /** An idle adaptive reactor spins that long, then yields that long, and then sleeps. */
    private static final long SPIN_NANOS = 50_000;

    private static final long YIELD_NANOS = 100_000;

    /** The longest sleep while a poller must be called that nothing wakes, and where such sleeps begin. */
    private static final long MAX_POLLED_SLEEP_NANOS = 1_000_000;

    private static final long MIN_POLLED_SLEEP_NANOS = 50_000;

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    private static final Logger LOG = System.getLogger(Reactor.class.getName());
    private static final VarHandle SLEEP;
    private static final VarHandle CALLBACKS;
    private static final VarHandle ROUNDS;

    static {
        try {
            SLEEP = MethodHandles.lookup().findVarHandle(Reactor.class, "sleep", int.class);
            ROUNDS = MethodHandles.lookup().findVarHandle(Reactor.class, "rounds", long.class);
            CALLBACKS = MethodHandles.lookup().findVarHandle(Reactor.class, "callbacks", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SpdkRuntime runtime;
    private final int core;
    private final String name;
    private final IdlePolicy idlePolicy;
    private final MessageQueue events;
    private final MpscUnboundedVarHandleArrayQueue<SpdkThread> arrivals = new MpscUnboundedVarHandleArrayQueue<>(16);
    /** Descriptors that cannot end a sleep here, so that sleeps must be short. */
    private final Set<Integer> polledFds = new HashSet<>();

    private volatile SpdkThread[] threads = {};
    private volatile @Nullable Waiter waiter;
    private volatile boolean stopping;

    /** {@link #ASLEEP} from just before the last look for work until somebody wakes it. */
    @SuppressWarnings("unused")
    private volatile int sleep;

    /** Counts callbacks as they start; the watchdog calls a reactor stalled whose count stands still. */
    @SuppressWarnings("FieldMayBeFinal")
    private long callbacks;

    @SuppressWarnings("FieldMayBeFinal")
    private long rounds;

    private long busyNanos;
    private long idleNanos;
    private long parks;
    private long eventCount;
    private long callbackErrors;
    private volatile long stalls;
    private volatile @Nullable Task<?> runningTask;

    private long lastRound;
    private boolean lastRoundBusy;

    /** The busy thread that ran last in the round, whose time ends with the round, and when it began. */
    private @Nullable SpdkThread tail;

    private long tailStart;
    private long lastBusy;
    private boolean wokenByFd;
    private long polledSleep = MIN_POLLED_SLEEP_NANOS;

    Reactor(SpdkRuntime runtime, int core, IdlePolicy idlePolicy) {
        this.runtime = runtime;
        this.core = core;
        this.name = "reactor_" + core;
        this.idlePolicy = idlePolicy;
        this.events = new MessageQueue(runtime.limits().eventsPerReactor());
    }

    /** The number of its core. */
    public int core() {
        return core;
    }

    /** {@code reactor_} and the core. */
    public String name() {
        return name;
    }

    /** What it does when it has nothing to do. */
    public IdlePolicy idlePolicy() {
        return idlePolicy;
    }

    /** The runtime it belongs to. */
    public SpdkRuntime runtime() {
        return runtime;
    }

    /** Whether the caller runs on this reactor. */
    public boolean isCurrent() {
        Execution e = Execution.current();
        return e != null && e.reactor == this;
    }

    /** The threads it runs now; a snapshot. */
    public List<SpdkThread> threads() {
        return List.of(threads);
    }

    /** What it has done so far. */
    public ReactorStats stats() {
        return new ReactorStats(rounds, busyNanos, idleNanos, parks, eventCount, stalls, callbackErrors);
    }

    /**
     * Runs {@code event} on this core, with no {@link SpdkThread#current()}. Any thread; {@code spdk_event_call}.
     *
     * <p>While the queue is full a caller off the reactors waits; a reactor must not wait and gets an exception.
     *
     * @throws LimitExceededException on a reactor, if {@code eventsPerReactor} events wait already
     * @throws IllegalStateException if the runtime is closed
     */
    public void send(Runnable event) {
        Objects.requireNonNull(event, "event");
        MessageQueue.Offer result = events.offer(event);
        if (result == MessageQueue.Offer.FULL) {
            if (runtime.mustNotWait()) {
                throw new LimitExceededException(
                        "eventsPerReactor", events.capacity(), name + " has no room for an event: send less");
            }
            result = events.offerWaiting(event);
        }
        if (result == MessageQueue.Offer.CLOSED) {
            throw new IllegalStateException(name + " of runtime " + runtime.name() + " has stopped");
        }
        if (!isCurrent()) {
            wake();
        }
    }

    @Override
    public String toString() {
        return name + " of " + runtime.name() + " (" + threads.length + " threads, " + idlePolicy + ")";
    }

    /** Takes over a thread. Any OS thread. */
    void adopt(SpdkThread thread) {
        arrivals.offer(thread);
        wake();
    }

    // ---- the loop -------------------------------------------------------------------------------------------------

    /** The body of the reactor's OS thread. */
    void run() {
        Waiter w = Waiter.open(Thread.currentThread());
        waiter = w;
        try {
            lastRound = runtime.clock().nanoTime();
            lastBusy = lastRound;
            while (!stopping) {
                long now = runtime.clock().nanoTime();
                if (guardedRound(now)) {
                    lastBusy = now;
                    polledSleep = MIN_POLLED_SLEEP_NANOS;
                    wokenByFd = false;
                } else if (idlePolicy == IdlePolicy.ADAPTIVE) {
                    idle(w, now);
                }
            }
            finish();
        } finally {
            waiter = null;
            w.close();
        }
    }

    /** Callbacks are guarded one by one; whatever else may be thrown must not end the reactor either. */
    private boolean guardedRound(long now) {
        try {
            return round(now);
        } catch (Throwable t) {
            callbackErrors++;
            LOG.log(Level.ERROR, "a round of " + name + " failed", t);
            return true;
        }
    }

    /** One round. Returns whether it found work. */
    boolean round(long now) {
        accountRound(now);
        int work = runEvents();
        takeArrivals();
        SpdkThread[] running = threads;
        long before = now;
        tail = null;
        for (int i = 0; i < running.length; i++) {
            SpdkThread t = running[i];
            if (!pollThread(t, before)) {
                continue;
            }
            work++;
            if (i < running.length - 1) {
                long after = runtime.clock().nanoTime();
                t.account(true, after - before);
                before = after;
            } else {
                tail = t;
            }
        }
        tailStart = before;
        lastRoundBusy = work > 0;
        return lastRoundBusy;
    }

    /** What passed since the last round belongs to that round, sleep included. */
    private void accountRound(long now) {
        long elapsed = now - lastRound;
        if (lastRoundBusy) {
            busyNanos += elapsed;
        } else {
            idleNanos += elapsed;
        }
        SpdkThread last = tail;
        if (last != null) {
            last.account(true, now - tailStart);
        } else if (!lastRoundBusy) {
            for (SpdkThread t : threads) {
                t.account(false, elapsed / threads.length);
            }
        }
        lastRound = now;
        // Opaque, like the count of callbacks: the watchdog must see a round that does nothing as progress.
        ROUNDS.setOpaque(this, rounds + 1);
    }

    /** One pass of one thread, as which the calling OS thread runs meanwhile. */
    boolean pollThread(SpdkThread t, long now) {
        Execution e = Objects.requireNonNull(Execution.current());
        e.runAs(t);
        boolean busy;
        try {
            busy = t.poll(now);
        } finally {
            e.runAs(null);
        }
        if (t.state() == SpdkThread.State.EXITED) {
            drop(t);
            runtime.forget(t);
            t.announceExit();
            return true;
        }
        Reactor target = t.takeMoveTarget();
        if (target != null) {
            drop(t);
            wakeFdsOf(t).forEach(this::removeWakeFd);
            t.setReactor(target);
            target.adopt(t);
            return true;
        }
        return busy;
    }

    private int runEvents() {
        int work = 0;
        for (Runnable r = events.poll(); r != null; r = events.poll()) {
            callbackStarts();
            try {
                r.run();
            } catch (Throwable t) {
                callbackErrors++;
                LOG.log(Level.ERROR, "an event on " + name + " failed", t);
            }
            if (++work == EVENTS_PER_ROUND) {
                break;
            }
        }
        if (work > 0) {
            events.madeRoom();
            eventCount += work;
        }
        return work;
    }

    /** For a simulation that polls a single thread. */
    void settleArrivals() {
        takeArrivals();
    }

    /** For a simulation: another order of the threads, drawn from its seed. */
    void shuffleThreads(Random random) {
        takeArrivals();
        SpdkThread[] shuffled = threads.clone();
        Collections.shuffle(Arrays.asList(shuffled), random);
        threads = shuffled;
    }

    private void takeArrivals() {
        for (SpdkThread t = arrivals.relaxedPoll(); t != null; t = arrivals.relaxedPoll()) {
            SpdkThread[] old = threads;
            SpdkThread[] grown = Arrays.copyOf(old, old.length + 1);
            grown[old.length] = t;
            threads = grown;
            wakeFdsOf(t).forEach(this::addWakeFd);
        }
    }

    private void drop(SpdkThread t) {
        threads = Arrays.stream(threads).filter(other -> other != t).toArray(SpdkThread[]::new);
    }

    private static List<Integer> wakeFdsOf(SpdkThread t) {
        return t.pollers().registered().stream()
                .filter(Poller::watched)
                .map(p -> p.wakeFd)
                .toList();
    }

    void addWakeFd(int fd) {
        Waiter w = waiter;
        if (w == null || !w.add(fd)) {
            polledFds.add(fd);
        }
    }

    void removeWakeFd(int fd) {
        Waiter w = waiter;
        if (!polledFds.remove(fd) && w != null) {
            w.remove(fd);
        }
    }

    // ---- idling ---------------------------------------------------------------------------------------------------

    @SuppressWarnings("ThreadPriorityCheck") // between spinning and sleeping, yielding is what we mean
    private void idle(Waiter w, long now) {
        long idleFor = now - lastBusy;
        if (idleFor < SPIN_NANOS) {
            Thread.onSpinWait();
        } else if (idleFor < YIELD_NANOS) {
            Thread.yield();
        } else {
            sleep(w, now);
        }
    }

    private void sleep(Waiter w, long now) {
        if (wokenByFd) {
            // A descriptor ended the last sleep, and no poller found work.
            for (SpdkThread t : threads) {
                t.pollers().muteIdleWakeFds();
            }
            wokenByFd = false;
        }
        sleep = ASLEEP;
        // A sender makes its message visible before it looks at the flag; we raise the flag before the last look.
        VarHandle.fullFence();
        if (!hasImmediateWork()) {
            long nanos = sleepNanos(now);
            if (nanos > 0) {
                parks++;
                wokenByFd = w.await(nanos) > 0;
            }
        }
        sleep = AWAKE;
    }

    private long sleepNanos(long now) {
        long until = PollerSet.NEVER;
        boolean polled = !polledFds.isEmpty();
        for (SpdkThread t : threads) {
            until = Math.min(until, t.nextDeadline());
            polled |= t.pollers().needsPolling();
        }
        long nanos = until == PollerSet.NEVER ? Long.MAX_VALUE : until - now;
        if (polled) {
            nanos = Math.min(nanos, polledSleep);
            polledSleep = Math.min(polledSleep * 2, MAX_POLLED_SLEEP_NANOS);
        }
        return nanos;
    }

    private boolean hasImmediateWork() {
        if (stopping || !events.isEmpty() || !arrivals.isEmpty()) {
            return true;
        }
        for (SpdkThread t : threads) {
            if (t.hasImmediateWork()) {
                return true;
            }
        }
        return false;
    }

    /** Ends a sleep. Any thread; costs a fence and a read while the reactor is awake. */
    void wake() {
        VarHandle.fullFence();
        if (sleep == ASLEEP && SLEEP.compareAndSet(this, ASLEEP, AWAKE)) {
            Waiter w = waiter;
            if (w != null) {
                w.wake();
            }
        }
    }

    // ---- stopping and watching --------------------------------------------------------------------------------------

    void stop() {
        stopping = true;
        wake();
    }

    /** Runs the events that were accepted before the end. */
    private void finish() {
        while (!events.tryClose()) {
            Thread.onSpinWait();
        }
        while (runEvents() > 0) {
            Thread.onSpinWait();
        }
    }

    /** The task whose continuation this reactor carries now, for the watchdog. */
    @Nullable
    Task<?> runningTask() {
        return runningTask;
    }

    void setRunningTask(@Nullable Task<?> task) {
        runningTask = task;
    }

    void callbackStarts() {
        CALLBACKS.setOpaque(this, callbacks + 1);
    }

    long callbackCount() {
        return (long) CALLBACKS.getOpaque(this);
    }

    boolean isAsleep() {
        return sleep == ASLEEP;
    }

    void countCallbackError() {
        callbackErrors++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // only the watchdog writes it
    void countStall() {
        stalls++;
    }

    long roundCount() {
        return (long) ROUNDS.getOpaque(this);
    }
}
