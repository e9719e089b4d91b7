// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A runtime without OS threads or real time: a test drives its threads by hand, or lets a seeded scheduler do it.
 *
 * <p>Everything happens on the OS thread that made it, in an order that depends on the seed alone; time stands still
 * until {@link #advance} or a wait for a timer moves it. A failing seed therefore replays. Tasks need the reactor-side
 * scheduler ({@link TaskScheduling#reactorUnavailabilityCause}), since only that one runs them here.
 */
public final class SimulatedRuntime extends SpdkRuntime {
    /** Rounds after which a world that is still busy is taken for one that will never rest. */
    private static final int MAX_ROUNDS = 1_000_000;

    /** Rounds that find work at one instant; then time moves on, as it would for pollers that are always BUSY. */
    private static final int ROUNDS_PER_INSTANT = 10_000;

    /** How long a wait may depend on the real world: a file's I/O, say. */
    private static final long REAL_WAIT_NANOS = 30_000_000_000L;

    /** The steps in which time passes while the threads exit. */
    private static final long CLOSE_STEP_NANOS = 1_000_000;

    /** What helper threads may still bring forth when all threads have exited. */
    private static final int MAX_LAST_ROUNDS = 1000;

    private static final Logger LOG = System.getLogger(SimulatedRuntime.class.getName());

    private final long seed;
    private final Random random;
    private final Thread driver = Thread.currentThread();
    private final VirtualClock clock;
    private final List<Reactor> reactors;
    private final Map<Reactor, Execution> executions = new HashMap<>();
    private final List<Runnable> helpers = Collections.synchronizedList(new ArrayList<>());
    private final Executor offload = helpers::add;
    private boolean closed;

    private SimulatedRuntime(int reactorCount, long seed, RuntimeLimits limits, VirtualClock clock) {
        super("simulation-" + seed, clock, limits);
        this.clock = clock;
        this.seed = seed;
        this.random = new Random(seed);
        this.reactors = IntStream.range(0, reactorCount)
                .mapToObj(core -> new Reactor(this, core, IdlePolicy.ADAPTIVE))
                .toList();
        reactors.forEach(r -> executions.put(r, new Execution(r)));
    }

    /** A world of so many reactors, on cores 0, 1, …, whose scheduling follows from {@code seed}. */
    public static SimulatedRuntime create(int reactors, long seed) {
        return create(reactors, seed, RuntimeLimits.DEFAULT);
    }

    /** The same with bounds of one's own. */
    public static SimulatedRuntime create(int reactors, long seed, RuntimeLimits limits) {
        if (reactors < 1 || reactors > CpuSet.MAX_CPUS) {
            throw new IllegalArgumentException(
                    "a simulation has 1 to " + CpuSet.MAX_CPUS + " reactors, not " + reactors);
        }
        return new SimulatedRuntime(reactors, seed, limits, new VirtualClock());
    }

    /** The seed to replay this world with. */
    public long seed() {
        return seed;
    }

    @Override
    public List<Reactor> reactors() {
        return reactors;
    }

    @Override
    public Reactor mainReactor() {
        return reactors.getFirst();
    }

    @Override
    public Executor offload() {
        return offload;
    }

    @Override
    public BlockingPool blockingPool(String purpose, int threadCount) {
        return new BlockingPool() {
            @Override
            public void execute(Runnable work) {
                helpers.add(work);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    CoreSelector selector(CpuSet mask) {
        return selectors.computeIfAbsent(mask, CoreSelector::new);
    }

    private final Map<CpuSet, CoreSelector> selectors = new HashMap<>();

    /** Asked for when a task is started, so that worlds without tasks need no flag. */
    @Override
    TaskScheduler taskScheduler() {
        return TaskScheduling.REACTOR.resolve();
    }

    /** What waits on the driver stops the world that it waits for. */
    @Override
    boolean mustNotWait() {
        return super.mustNotWait() || Thread.currentThread() == driver;
    }

    // ---- driving by hand --------------------------------------------------------------------------------------------

    /** One pass of one thread. Returns whether it found work. */
    public boolean poll(SpdkThread thread) {
        Reactor r = thread.reactor();
        return as(r, () -> {
            r.settleArrivals();
            return thread.state() != SpdkThread.State.EXITED && r.pollThread(thread, clock.nanoTime());
        });
    }

    /** One round of one reactor: its events and all its threads. Returns whether it found work. */
    public boolean poll(Reactor reactor) {
        return as(reactor, () -> reactor.round(clock.nanoTime()));
    }

    /** Moves the clock. Nothing runs. */
    public void advance(Duration d) {
        if (d.isNegative()) {
            throw new IllegalArgumentException("time cannot go back by " + d);
        }
        clock.advance(d.toNanos());
    }

    /** Runs everything, in an order drawn from the seed, until nothing is left to do at this instant. */
    public void runUntilIdle() {
        for (int rounds = 0; step(); rounds++) {
            checkRounds(rounds);
        }
    }

    private void checkRounds(int rounds) {
        if (rounds >= MAX_ROUNDS) {
            throw new IllegalStateException("the simulated world (seed " + seed + ") is still busy after " + rounds
                    + " rounds at one instant: a poller that is always BUSY? threads " + threads());
        }
    }

    /** Lets that much time pass, stopping at every timer on the way. */
    public void runFor(Duration d) {
        long end = clock.now + d.toNanos();
        while (true) {
            runThisInstant();
            long next = nextExpiration();
            if (next > end) {
                break;
            }
            clock.now = Math.max(clock.now, next);
        }
        clock.now = end;
        runThisInstant();
    }

    private void runThisInstant() {
        int rounds = 0;
        while (step() && rounds < ROUNDS_PER_INSTANT) {
            rounds++;
        }
    }

    /**
     * Drives the world, time included, until {@code future} is done, and returns its value.
     *
     * @throws CompletionException if it failed; the cause says how
     * @throws CancellationException if it was cancelled
     * @throws IllegalStateException if the world has nothing left to do and it still is not done
     */
    public <T> T await(CompletableFuture<T> future) {
        long realDeadline = 0;
        int busyRounds = 0;
        while (!future.isDone()) {
            if (step()) {
                realDeadline = 0;
                if (++busyRounds < ROUNDS_PER_INSTANT) {
                    continue;
                }
                if (nextExpiration() == PollerSet.NEVER) {
                    checkRounds(busyRounds);
                    continue;
                }
            }
            if (future.isDone()) {
                break;
            }
            if (busyRounds < ROUNDS_PER_INSTANT && dependsOnDescriptors()) {
                long realNow = System.nanoTime();
                realDeadline = realDeadline == 0 ? realNow + REAL_WAIT_NANOS : realDeadline;
                if (realNow - realDeadline < 0) {
                    Thread.onSpinWait();
                    continue;
                }
            }
            long next = nextExpiration();
            if (next == PollerSet.NEVER) {
                throw new IllegalStateException("the simulated world (seed " + seed
                        + ") has nothing left to do, and what is awaited is not done; threads " + threads());
            }
            clock.now = Math.max(clock.now, next);
            busyRounds = 0;
        }
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new CompletionException(Objects.requireNonNull(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        }
    }

    /** Runs {@code body} on {@code thread} and drives the world until its value is there. */
    public <T> T call(SpdkThread thread, java.util.concurrent.Callable<T> body) {
        return await(thread.call(body));
    }

    private boolean step() {
        boolean busy = runHelpers();
        List<Reactor> order = new ArrayList<>(reactors);
        Collections.shuffle(order, random);
        for (Reactor r : order) {
            busy |= as(r, () -> {
                r.shuffleThreads(random);
                return r.round(clock.nanoTime());
            });
        }
        return busy;
    }

    private boolean runHelpers() {
        int count = helpers.size();
        for (int i = 0; i < count; i++) {
            Runnable work = helpers.remove(random.nextInt(helpers.size()));
            try {
                work.run();
            } catch (Throwable t) {
                // As on a real helper thread: the world goes on.
                LOG.log(Level.ERROR, "work given to a helper thread failed", t);
            }
        }
        return count > 0;
    }

    private boolean dependsOnDescriptors() {
        return threads().stream().anyMatch(t -> t.pollers().awaitsDescriptor());
    }

    private long nextExpiration() {
        return threads().stream().mapToLong(SpdkThread::nextDeadline).min().orElse(PollerSet.NEVER);
    }

    private boolean as(Reactor r, java.util.function.BooleanSupplier body) {
        if (Thread.currentThread() != driver) {
            throw new WrongThreadException("the simulation is driven by " + driver.getName() + ", not by "
                    + Thread.currentThread().getName());
        }
        if (closed) {
            throw new IllegalStateException("the simulation is closed");
        }
        if (Execution.current() != null) {
            throw new IllegalStateException("the simulation is being driven already, and this is one of its callbacks:"
                    + " return to the driver instead of driving from inside");
        }
        @Nullable Execution outer = Execution.enter(Objects.requireNonNull(executions.get(r)));
        try {
            return body.getAsBoolean();
        } finally {
            Execution.leave(outer);
        }
    }

    /** Lets every thread exit, in simulated time. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (Execution.current() != null) {
            throw new IllegalStateException("the simulation cannot be closed from one of its callbacks");
        }
        beginClose();
        CompletableFuture<?>[] exits = threads().stream().map(SpdkThread::exit).toArray(CompletableFuture<?>[]::new);
        CompletableFuture<Void> all = CompletableFuture.allOf(exits);
        while (!all.isDone()) {
            step();
            // Time moves once all have heard of it, whether or not they still find work, so that it ends.
            if (threads().stream().allMatch(t -> t.state() != SpdkThread.State.RUNNING)) {
                clock.advance(CLOSE_STEP_NANOS);
            }
        }
        for (int rounds = 0; runHelpers() && rounds < MAX_LAST_ROUNDS; rounds++) {
            step();
        }
        closed = true;
    }

    private static final class VirtualClock implements Clock {
        private volatile long now = 1;

        /** Only the driver moves it; others only read. */
        @SuppressWarnings("NonAtomicVolatileUpdate")
        void advance(long nanos) {
            now += nanos;
        }

        @Override
        public long nanoTime() {
            return now;
        }
    }
}
