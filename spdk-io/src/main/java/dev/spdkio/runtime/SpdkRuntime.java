// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The reactors and threads of one application, with its clock: all time and all concurrency come from here.
 *
 * <p>{@link #builder()} makes a real one, whose reactors own OS threads; {@link SimulatedRuntime} one that a test
 * drives by hand. Several runtimes may live in one JVM. Stands for {@code lib/thread} and the reactors of {@code
 * lib/event}.
 */
public abstract sealed class SpdkRuntime implements AutoCloseable permits PlatformRuntime, SimulatedRuntime {
    private final String name;
    private final Clock clock;
    private final RuntimeLimits limits;
    private final AtomicLong nextThreadId = new AtomicLong(1);
    private final Map<Long, SpdkThread> threads = new ConcurrentSkipListMap<>();
    private final Map<String, IoDevice<?>> devices = new ConcurrentHashMap<>();

    /** Guards {@link #closing}, so that no thread is created that nobody will ask to exit. */
    private final Object lifecycle = new Object();

    private boolean closing;

    SpdkRuntime(String name, Clock clock, RuntimeLimits limits) {
        this.name = name;
        this.clock = clock;
        this.limits = limits;
    }

    /** Begins the description of a real runtime. */
    public static Builder builder() {
        return new Builder();
    }

    /** The name, for logs and thread names. */
    public final String name() {
        return name;
    }

    /** The only source of time. */
    public final Clock clock() {
        return clock;
    }

    /** The bounds in force. */
    public final RuntimeLimits limits() {
        return limits;
    }

    /** The reactors by ascending core. */
    public abstract List<Reactor> reactors();

    /** The reactor of the main core. */
    public abstract Reactor mainReactor();

    /** Unpinned helper threads for code that must not hold a reactor; a bounded queue. */
    public abstract Executor offload();

    /**
     * Unpinned helper threads for calls that block: file I/O through {@link java.nio.channels.FileChannel}, say. In a
     * simulated runtime they are part of the simulation.
     *
     * @param purpose names the OS threads
     * @param threadCount how many may block at once
     */
    public abstract BlockingPool blockingPool(String purpose, int threadCount);

    abstract CoreSelector selector(CpuSet mask);

    /** The cores that have a reactor. */
    public final CpuSet cores() {
        return CpuSet.of(reactors().stream().mapToInt(Reactor::core).toArray());
    }

    /** The reactor of a core. */
    public final @Nullable Reactor reactor(int core) {
        return reactors().stream().filter(r -> r.core() == core).findFirst().orElse(null);
    }

    /** Creates a thread that may run on any reactor; see {@link #createThread(String, CpuSet)}. */
    public final SpdkThread createThread(String threadName) {
        return createThread(threadName, cores());
    }

    /**
     * Creates a thread on the next reactor, in turn, of those in {@code mask}. Any OS thread; {@code
     * spdk_thread_create}.
     *
     * @throws IllegalArgumentException if {@code mask} holds no core that has a reactor
     * @throws LimitExceededException if {@code threads} threads are alive already
     * @throws IllegalStateException if the runtime is closed
     */
    public final SpdkThread createThread(String threadName, CpuSet mask) {
        Objects.requireNonNull(threadName, "threadName");
        CpuSet usable = mask.and(cores());
        if (usable.isEmpty()) {
            throw new IllegalArgumentException("SpdkThread " + threadName + ": no reactor runs on cores "
                    + mask.toListString() + "; reactors run on " + cores().toListString());
        }
        synchronized (lifecycle) {
            if (closing) {
                throw new IllegalStateException("runtime " + name + " is closed and takes no SpdkThread " + threadName);
            }
            if (threads.size() >= limits.threads()) {
                throw new LimitExceededException(
                        "threads", limits.threads(), "runtime " + name + " cannot take SpdkThread " + threadName);
            }
            int core = selector(usable).next();
            Reactor reactor = Objects.requireNonNull(reactor(core));
            SpdkThread t = new SpdkThread(this, nextThreadId.getAndIncrement(), threadName, usable, reactor);
            threads.put(t.id(), t);
            reactor.adopt(t);
            return t;
        }
    }

    /** Refuses further threads. False if that was done before. */
    final boolean beginClose() {
        synchronized (lifecycle) {
            boolean first = !closing;
            closing = true;
            return first;
        }
    }

    /** The threads that have not exited, in order of creation; a snapshot. */
    public final List<SpdkThread> threads() {
        return List.copyOf(threads.values());
    }

    /** The thread with that id, or null if there is none or it has exited. */
    public final @Nullable SpdkThread thread(long id) {
        return threads.get(id);
    }

    /**
     * Runs {@code visitor} on every thread, one after the other. Any OS thread; {@code spdk_for_each_thread}.
     *
     * @return completes after the last visit, on the calling SPDK thread if there is one; with the first exception of
     *     the visitor, after which no further thread is visited
     */
    public final CompletableFuture<Void> forEachThread(Consumer<SpdkThread> visitor) {
        CompletableFuture<Void> done = newFuture();
        SpdkThread origin = SpdkThread.current();
        if (origin != null) {
            origin.beginOperation();
        }
        visitNext(new ArrayList<>(threads()), visitor, origin, done);
        return done;
    }

    private static void visitNext(
            List<SpdkThread> left,
            Consumer<SpdkThread> visitor,
            @Nullable SpdkThread origin,
            CompletableFuture<Void> done) {
        while (!left.isEmpty()) {
            SpdkThread t = left.removeFirst();
            // A thread that has exited meanwhile is passed over.
            if (t.trySendInternal(() -> {
                try {
                    visitor.accept(t);
                } catch (Throwable e) {
                    finish(origin, () -> done.completeExceptionally(e));
                    return;
                }
                visitNext(left, visitor, origin, done);
            })) {
                return;
            }
        }
        finish(origin, () -> done.complete(null));
    }

    /** Ends an operation where it began, or right here if that was no SPDK thread. */
    static void finish(@Nullable SpdkThread origin, Runnable completion) {
        boolean sent = origin != null
                && origin.trySendInternal(() -> {
                    origin.endOperation();
                    completion.run();
                });
        if (!sent) {
            // Nobody asked for a thread, or it was forced to exit: who waits must hear of the end all the same.
            completion.run();
        }
    }

    /** Whether tasks are scheduled by the reactors themselves; see {@link TaskScheduling}. */
    public final boolean schedulesTasksOnReactors() {
        return taskScheduler().runsOnReactor();
    }

    /** A future whose {@code …Async} continuations run on {@link #offload()}. */
    public final <T> CompletableFuture<T> newFuture() {
        return new SpdkFuture<>(offload());
    }

    /** The I/O devices that are registered now; a snapshot. */
    public final List<IoDevice<?>> ioDevices() {
        return List.copyOf(devices.values());
    }

    abstract TaskScheduler taskScheduler();

    /** Whether the caller drives a reactor, and would stop it by waiting. */
    boolean mustNotWait() {
        return Execution.current() != null;
    }

    Map<String, IoDevice<?>> deviceRegistry() {
        return devices;
    }

    void forget(SpdkThread t) {
        threads.remove(t.id());
    }

    /** Asks every thread to exit and, when they have, stops the reactors. Not from a reactor. Idempotent. */
    @Override
    public abstract void close();

    /** Describes a real runtime. */
    public static final class Builder {
        String name = "spdkio";
        CpuSet cpus = CpuSet.of(Cores.available().first());
        int mainCore = -1;
        IdlePolicy idlePolicy = IdlePolicy.ADAPTIVE;
        RuntimeLimits limits = RuntimeLimits.DEFAULT;
        TaskScheduling taskScheduling = TaskScheduling.BEST;

        Builder() {}

        /** Names the runtime. */
        public Builder name(String value) {
            this.name = Objects.requireNonNull(value, "name");
            return this;
        }

        /** One reactor for each of these cores; by default one, on the first core this process may use. */
        public Builder cpus(CpuSet value) {
            if (value.isEmpty()) {
                throw new IllegalArgumentException("the set of cores is empty: name at least one");
            }
            this.cpus = value;
            return this;
        }

        /** The core of the main reactor; by default the first. */
        public Builder mainCore(int value) {
            this.mainCore = value;
            return this;
        }

        /** What idle reactors do; by default {@link IdlePolicy#ADAPTIVE}. */
        public Builder idlePolicy(IdlePolicy value) {
            this.idlePolicy = Objects.requireNonNull(value, "idlePolicy");
            return this;
        }

        /** The bounds. */
        public Builder limits(RuntimeLimits value) {
            this.limits = Objects.requireNonNull(value, "limits");
            return this;
        }

        /** Who schedules tasks; by default the reactors where the JVM allows it. */
        public Builder taskScheduling(TaskScheduling value) {
            this.taskScheduling = Objects.requireNonNull(value, "taskScheduling");
            return this;
        }

        /**
         * Starts the reactors.
         *
         * @throws IllegalArgumentException if a core is not there, or the main core is not one of them
         */
        public SpdkRuntime start() {
            return PlatformRuntime.start(this);
        }
    }
}
