// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a contract suite runs in: a runtime, and how to wait in it.
 *
 * <p>In a simulated world waiting means driving it, time included; in a real one it means waiting, for a bounded time.
 * A suite that only uses this class runs in both, and on later engines. Used by the one OS thread that runs the test.
 */
public abstract class TestWorld implements AutoCloseable {
    /** After so long a wait in a real world has failed. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration TICK = Duration.ofMillis(1);

    private final SpdkRuntime runtime;

    /** A world around {@code runtime}, which {@link #close} closes. */
    protected TestWorld(SpdkRuntime runtime) {
        this.runtime = runtime;
    }

    /** A world that runs by itself, each of whose threads runs {@code first} before what the tests send to it. */
    public static TestWorld of(SpdkRuntime runtime, Runnable first) {
        return new Real(runtime, first);
    }

    /** A world that is driven by the test. */
    public static TestWorld of(SimulatedRuntime runtime) {
        return new Simulated(runtime);
    }

    /** A world that runs by itself. */
    public static TestWorld of(SpdkRuntime runtime) {
        return runtime instanceof SimulatedRuntime s ? of(s) : new Real(runtime, () -> {});
    }

    /** The runtime. */
    public final SpdkRuntime runtime() {
        return runtime;
    }

    /** Whether threads run only when the test says so; {@link #poll} works then, and time stands still. */
    public abstract boolean isDrivenByHand();

    /**
     * Waits for the value of {@code future}.
     *
     * @throws CompletionException if it failed
     * @throws AssertionError if it takes too long
     */
    public abstract <T> T await(CompletableFuture<T> future);

    /** Waits until {@code condition}, which is called on the test's thread, holds. */
    public abstract void awaitUntil(String what, BooleanSupplier condition);

    /** Called in a callback: takes that much time. */
    public abstract void work(Duration time);

    /** One pass of one thread; only where {@link #isDrivenByHand}. */
    public abstract boolean poll(SpdkThread thread);

    /** Creates a thread. */
    public SpdkThread thread(String name) {
        return runtime.createThread(name);
    }

    /** The pollers of {@code thread} that the test has registered. */
    public List<Poller> pollers(SpdkThread thread) {
        return on(thread, thread::pollerList);
    }

    /** Runs {@code body} on {@code thread} and waits for its value. */
    public final <T> T on(SpdkThread thread, Callable<T> body) {
        return await(thread.call(body));
    }

    /** Runs {@code body} on {@code thread} and waits for its end. */
    public final void run(SpdkThread thread, Runnable body) {
        boolean _ = on(thread, () -> {
            body.run();
            return true;
        });
    }

    /** Lets {@code thread} make that many passes. */
    public final void passes(SpdkThread thread, int count) {
        CompletableFuture<Boolean> over = runtime.newFuture();
        thread.send(() -> {
            int[] left = {count};
            @Nullable Poller[] self = new @Nullable Poller[1];
            self[0] = thread.poller("pass counter")
                    .body(() -> {
                        if (--left[0] == 0) {
                            close(self[0]);
                            over.complete(true);
                        }
                        return Poller.Result.BUSY;
                    })
                    .register();
        });
        await(over);
    }

    /** Lets all threads run until what was under way when this was called, and what it led to, is very likely over. */
    public final void settle() {
        for (int round = 0; round < 4; round++) {
            for (SpdkThread t : runtime.threads()) {
                passes(t, 2);
            }
        }
    }

    /** Lets time pass, on {@code thread}'s clock. */
    public final void elapse(SpdkThread thread, Duration time) {
        CompletableFuture<Boolean> over = runtime.newFuture();
        thread.send(() -> {
            @Nullable Poller[] self = new @Nullable Poller[1];
            self[0] = thread.poller("alarm")
                    .period(time)
                    .body(() -> {
                        close(self[0]);
                        over.complete(true);
                        return Poller.Result.BUSY;
                    })
                    .register();
        });
        await(over);
    }

    private static void close(@Nullable Poller p) {
        if (p != null) {
            p.close();
        }
    }

    @Override
    public void close() {
        runtime.close();
    }

    private static final class Simulated extends TestWorld {
        private static final int MAX_TICKS = 100_000;

        private final SimulatedRuntime simulation;

        Simulated(SimulatedRuntime simulation) {
            super(simulation);
            this.simulation = simulation;
        }

        @Override
        public boolean isDrivenByHand() {
            return true;
        }

        @Override
        public <T> T await(CompletableFuture<T> future) {
            return simulation.await(future);
        }

        @Override
        public void awaitUntil(String what, BooleanSupplier condition) {
            for (int tick = 0; !condition.getAsBoolean(); tick++) {
                if (tick == MAX_TICKS) {
                    throw new AssertionError("not within " + TICK.multipliedBy(MAX_TICKS) + ": " + what);
                }
                simulation.runFor(TICK);
            }
        }

        @Override
        public void work(Duration time) {
            simulation.advance(time);
        }

        @Override
        public boolean poll(SpdkThread thread) {
            return simulation.poll(thread);
        }
    }

    private static final class Real extends TestWorld {
        private final Runnable first;
        private final Map<SpdkThread, List<Poller>> before = new HashMap<>();

        Real(SpdkRuntime runtime, Runnable first) {
            super(runtime);
            this.first = first;
        }

        @Override
        public SpdkThread thread(String name) {
            SpdkThread t = super.thread(name);
            run(t, first);
            before.put(t, super.pollers(t));
            return t;
        }

        @Override
        public List<Poller> pollers(SpdkThread thread) {
            List<Poller> all = new ArrayList<>(super.pollers(thread));
            all.removeAll(before.getOrDefault(thread, List.of()));
            return all;
        }

        @Override
        public boolean isDrivenByHand() {
            return false;
        }

        @Override
        public <T> T await(CompletableFuture<T> future) {
            try {
                return future.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                throw new CompletionException(e.getCause());
            } catch (TimeoutException e) {
                throw new AssertionError(
                        "not done within " + PATIENCE + "; threads " + runtime().threads(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }

        @Override
        public void awaitUntil(String what, BooleanSupplier condition) {
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!condition.getAsBoolean()) {
                if (System.nanoTime() - end > 0) {
                    throw new AssertionError("not within " + PATIENCE + ": " + what);
                }
                nap();
            }
        }

        /** Between two looks at a condition, so that the reactors get the core: not to wait for something. */
        @SuppressWarnings("ThreadPriorityCheck")
        private static void nap() {
            Thread.yield();
        }

        @Override
        public void work(Duration time) {
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
        }

        @Override
        public boolean poll(SpdkThread thread) {
            throw new UnsupportedOperationException("the reactors of a real world run by themselves");
        }
    }
}
