// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SimulatedRuntimeTest {

    /** Threads, tasks, timers and helpers that write down what they do. */
    private static List<String> trace(long seed) {
        List<String> trace = new ArrayList<>();
        try (SimulatedRuntime sim = SimulatedRuntime.create(3, seed)) {
            List<SpdkThread> threads = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                threads.add(sim.createThread("t" + i));
            }
            List<Task<Integer>> tasks = new ArrayList<>();
            for (SpdkThread t : threads) {
                for (int k = 0; k < 3; k++) {
                    int n = k;
                    t.send(() -> trace.add(t.name() + " message " + n));
                    sim.offload().execute(() -> trace.add("helper " + t.name()));
                    tasks.add(t.spawn("task", () -> {
                        Task.sleep(Duration.ofNanos(n * 1000L));
                        Task.yieldNow();
                        return Task.call(() -> {
                            trace.add(t.name() + " task " + n + " at " + t.now());
                            return n;
                        });
                    }));
                }
            }
            tasks.forEach(task -> sim.await(task.future()));
        }
        return trace;
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 1; seed <= 5; seed++) {
            assertThat(trace(seed)).as("seed " + seed).isEqualTo(trace(seed));
        }
    }

    @Test
    void differentSeedsGiveDifferentTraces() {
        assertThat(trace(1)).isNotEqualTo(trace(2)).containsExactlyInAnyOrderElementsOf(trace(2));
    }

    @Test
    void timeMovesOnlyWhenItIsMovedOrWaitedFor() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 1)) {
            SpdkThread t = sim.createThread("t");
            long start = sim.clock().nanoTime();
            sim.call(t, () -> 1);
            sim.runUntilIdle();
            assertThat(sim.clock().nanoTime()).isEqualTo(start);
            sim.advance(Duration.ofSeconds(1));
            assertThat(sim.clock().nanoTime()).isEqualTo(start + 1_000_000_000L);
            assertThatThrownBy(() -> sim.advance(Duration.ofNanos(-1))).isInstanceOf(IllegalArgumentException.class);
            Task<Integer> sleeper = t.spawn("sleeper", () -> {
                Task.sleep(Duration.ofDays(1));
                return 1;
            });
            long before = sim.clock().nanoTime();
            sim.await(sleeper.future());
            assertThat(sim.clock().nanoTime() - before)
                    .isEqualTo(Duration.ofDays(1).toNanos());
        }
    }

    @Test
    void runForStopsAtEveryTimer() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(2, 1)) {
            SpdkThread t = sim.createThread("t");
            List<Long> runs = new ArrayList<>();
            sim.call(
                    t,
                    () -> t.poller("p")
                            .period(Duration.ofMillis(3))
                            .body(() -> {
                                runs.add(t.now());
                                return Poller.Result.BUSY;
                            })
                            .register());
            long start = sim.clock().nanoTime();
            sim.runFor(Duration.ofMillis(10));
            assertThat(runs).containsExactly(start + 3_000_000, start + 6_000_000, start + 9_000_000);
            assertThat(sim.clock().nanoTime()).isEqualTo(start + 10_000_000);
        }
    }

    @Test
    void aWorldThatIsIdleForGoodSaysSo() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 4711)) {
            sim.createThread("t");
            assertThatThrownBy(() -> sim.await(new CompletableFuture<>()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("seed 4711")
                    .hasMessageContaining("nothing left to do");
        }
    }

    @Test
    void aWorldThatIsBusyForGoodLetsTimePassAndSaysSo() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 4711)) {
            SpdkThread t = sim.createThread("t");
            sim.call(t, () -> t.poller("busy").body(() -> Poller.Result.BUSY).register());
            Task<Integer> sleeper = t.spawn("sleeper", () -> {
                Task.sleep(Duration.ofMillis(1));
                return 5;
            });
            assertThat(sim.await(sleeper.future())).isEqualTo(5);
            sim.runFor(Duration.ofMillis(1));
            assertThatThrownBy(sim::runUntilIdle)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("still busy");
        }
    }

    @Test
    void awaitTellsFailuresApart() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 1)) {
            IllegalStateException cause = new IllegalStateException("x");
            assertThatThrownBy(() -> sim.await(CompletableFuture.failedFuture(cause)))
                    .isInstanceOf(CompletionException.class)
                    .hasCause(cause);
            CompletableFuture<Integer> cancelled = new CompletableFuture<>();
            cancelled.cancel(false);
            assertThatThrownBy(() -> sim.await(cancelled)).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void onlyItsMakerDrivesItAndNotFromInside() throws Exception {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 1)) {
            SpdkThread t = sim.createThread("t");
            AtomicReference<Throwable> foreign = new AtomicReference<>();
            Thread.ofPlatform()
                    .start(() -> {
                        try {
                            sim.runUntilIdle();
                        } catch (WrongThreadException e) {
                            foreign.set(e);
                        }
                    })
                    .join();
            assertThat(foreign.get()).hasMessageContaining("the simulation is driven by");
            assertThatThrownBy(() -> sim.call(t, () -> sim.poll(t)))
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("driven already");
            assertThat(sim.call(t, t::isCurrent)).isTrue();
            Task<Integer> task = t.spawn("task", () -> 1);
            assertThatThrownBy(task::join)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("SimulatedRuntime.await");
            assertThat(sim.await(task.future())).isEqualTo(1);
        }
    }

    @Test
    void closesOnceAndRefusesWhatComesLater() {
        SimulatedRuntime sim = SimulatedRuntime.create(2, 1);
        SpdkThread t = sim.createThread("t");
        AtomicInteger ran = new AtomicInteger();
        t.send(ran::incrementAndGet);
        sim.close();
        sim.close();
        assertThat(ran).hasValue(1);
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
        assertThat(sim.threads()).isEmpty();
        assertThatThrownBy(() -> sim.createThread("late"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(sim::runUntilIdle).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closesAWorldThatDoesNotWantToEnd() {
        SimulatedRuntime sim = SimulatedRuntime.create(2, 1);
        SpdkThread t = sim.createThread("t");
        sim.call(t, () -> t.poller("busy").body(() -> Poller.Result.BUSY).register());
        sim.call(
                t,
                () -> t.poller("often")
                        .period(Duration.ofNanos(1))
                        .body(() -> Poller.Result.IDLE)
                        .register());
        Task<Void> stuck = t.spawn("stuck", () -> Task.await(new CompletableFuture<Void>()));
        sim.close();
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
        assertThat(stuck.isDone()).as("cancelled, and carried to its end").isTrue();
    }

    @Test
    void aFailingHelperDoesNotEndTheWorld() {
        try (SimulatedRuntime sim = SimulatedRuntime.create(1, 1)) {
            AtomicInteger ran = new AtomicInteger();
            sim.offload().execute(() -> {
                throw new IllegalStateException("on purpose");
            });
            sim.offload().execute(ran::incrementAndGet);
            sim.runUntilIdle();
            assertThat(ran).hasValue(1);
        }
    }

    @Test
    void sizesAreChecked() {
        assertThatThrownBy(() -> SimulatedRuntime.create(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SimulatedRuntime.create(CpuSet.MAX_CPUS + 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
