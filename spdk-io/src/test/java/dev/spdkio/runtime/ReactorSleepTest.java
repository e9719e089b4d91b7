// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.sys.Affinity;
import dev.spdkio.sys.EventPoll;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Adaptive reactors sleep when they may, and wake up when they must. */
class ReactorSleepTest {
    private static final long OBSERVED_NANOS = 2_000_000_000L;

    /** What the thread has run on a CPU so far, as the kernel counts it. */
    private static long cpuNanos(int tid) throws Exception {
        String line = Files.readString(Path.of("/proc/self/task/" + tid + "/schedstat"));
        return Long.parseLong(line.split(" ")[0]);
    }

    private static int tidOf(Reactor r) throws Exception {
        int[] tid = new int[1];
        CountDownLatch done = new CountDownLatch(1);
        r.send(() -> {
            tid[0] = Affinity.gettid();
            done.countDown();
        });
        Await.latch(done, "the event runs");
        return tid[0];
    }

    /** One that polls takes all of it; one that sleeps some thousandths, more while its code is not compiled. */
    private static final double ABOUT_NO_CPU = 0.1;

    /** The share of one CPU that a reactor takes over two seconds. */
    private static double share(Reactor r) throws Exception {
        assumeTrue(Affinity.isAvailable(), "no native access, so no thread ids");
        int tid = tidOf(r);
        assumeTrue(Files.isReadable(Path.of("/proc/self/task/" + tid + "/schedstat")), "no schedstat in /proc");
        long start = System.nanoTime();
        long before = cpuNanos(tid);
        while (System.nanoTime() - start < OBSERVED_NANOS) {
            LockSupport.parkNanos(OBSERVED_NANOS / 20);
        }
        return (double) (cpuNanos(tid) - before) / (System.nanoTime() - start);
    }

    @Test
    void anIdleReactorUsesAboutNoCpu() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder().name("idle").start()) {
            rt.createThread("t");
            assertThat(share(rt.mainReactor())).isLessThan(ABOUT_NO_CPU);
        }
    }

    @Test
    void anExitingThreadThatWaitsUsesAboutNoCpu() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder().name("exiting").start()) {
            SpdkThread t = rt.createThread("t");
            Poller p = Await.value(t.call(() -> t.poller("p")
                    .period(Duration.ofSeconds(1))
                    .body(() -> Poller.Result.IDLE)
                    .register()));
            t.exit();
            assertThat(share(rt.mainReactor())).isLessThan(ABOUT_NO_CPU);
            p.close();
            Await.value(t.exited());
        }
    }

    @Test
    void theDescriptorOfAPausedPollerKeepsNobodyAwake() throws Exception {
        assumeTrue(EventPoll.isAvailable(), "no epoll here");
        try (SpdkRuntime rt = SpdkRuntime.builder().name("paused").start();
                EventPoll fd = EventPoll.open()) {
            SpdkThread t = rt.createThread("t");
            AtomicInteger found = new AtomicInteger();
            Poller p = Await.value(t.call(() -> t.poller("p")
                    .wakeFd(fd.fd())
                    .body(() -> {
                        if (readable(fd)) {
                            found.incrementAndGet();
                            return Poller.Result.BUSY;
                        }
                        return Poller.Result.IDLE;
                    })
                    .register()));
            fd.wake();
            Await.until("the descriptor wakes the poller", () -> found.get() == 1);
            p.pause();
            Await.until("it is paused", () -> p.state() == Poller.State.PAUSED);
            fd.wake();
            assertThat(share(rt.mainReactor())).isLessThan(ABOUT_NO_CPU);
            assertThat(found).hasValue(1);
            p.resume();
            Await.until("it finds what waited", () -> found.get() == 2);
            Await.until("the reactor sleeps", () -> rt.mainReactor().isAsleep());
            fd.wake();
            Await.until("the descriptor wakes it again", () -> found.get() == 3);
            p.close();
            Await.value(t.exit());
        }
    }

    /** Empties the wake-up counter of {@code fd}; an EventPoll is readable while it holds one. */
    private static boolean readable(EventPoll fd) {
        try (EventPoll look = EventPoll.open()) {
            look.add(fd.fd(), 1);
            boolean readable = look.await(0) > 0;
            int _ = fd.await(0);
            return readable;
        } catch (dev.spdkio.sys.SysException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void timersAndMessagesEndASleep() throws Exception {
        try (SpdkRuntime rt = SpdkRuntime.builder().name("timers").start()) {
            SpdkThread t = rt.createThread("t");
            AtomicInteger runs = new AtomicInteger();
            Poller p = Await.value(t.call(() -> t.poller("p")
                    .period(Duration.ofMillis(20))
                    .body(() -> {
                        runs.incrementAndGet();
                        return Poller.Result.BUSY;
                    })
                    .register()));
            Await.until("ten runs", () -> runs.get() >= 10);
            for (int i = 0; i < 20; i++) {
                Await.until("it sleeps", () -> rt.mainReactor().isAsleep());
                Await.value(t.call(() -> true));
            }
            p.close();
        }
    }

    /** A message crosses between two reactors that fall asleep at every moment they can. */
    @Test
    void noWakeUpIsLost() throws Exception {
        assumeTrue(Cores.count() > 1, "two reactors need two cores");
        long seed = Long.getLong("spdkio.seed", new Random().nextLong());
        int rounds = 100_000;
        int[] cores = Cores.available().stream().limit(2).toArray();
        try (SpdkRuntime rt =
                SpdkRuntime.builder().name("ping-pong").cpus(CpuSet.of(cores)).start()) {
            SpdkThread a = rt.createThread("a", CpuSet.of(cores[0]));
            SpdkThread b = rt.createThread("b", CpuSet.of(cores[1]));
            Random random = new Random(seed);
            int[] left = {rounds};
            CountDownLatch over = new CountDownLatch(1);
            Runnable[] hop = new Runnable[1];
            hop[0] = () -> {
                if (left[0]-- == 0) {
                    over.countDown();
                    return;
                }
                // Mostly at once, now and then about when the other one is going to sleep.
                if (random.nextInt(50) == 0) {
                    long until = System.nanoTime() + random.nextInt(250_000);
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                }
                (a.isCurrent() ? b : a).send(hop[0]);
            };
            a.send(hop[0]);
            // On a busy machine it may take long; when a wake-up is lost, nothing moves any more.
            for (int seen = rounds + 1; !over.await(10, TimeUnit.SECONDS); seen = left[0]) {
                assertThat(left[0])
                        .as("hops left, seed %d, %s", seed, rt.reactors())
                        .isLessThan(seen);
            }
            assertThat(rt.reactors()).anyMatch(r -> r.stats().parks() > 0);
        }
    }
}
