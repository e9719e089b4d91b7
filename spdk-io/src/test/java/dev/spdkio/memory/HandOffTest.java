// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.runtime.TaskScheduling;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Buffers between real threads. */
@Timeout(120)
class HandOffTest {
    private static final int BYTES = 2 << 20;

    private final SpdkRuntime runtime = SpdkRuntime.builder()
            .cpus(twoCpus())
            .limits(RuntimeLimits.DEFAULT.withStallLimit(Duration.ZERO))
            .start();
    private final SpdkThread owner = runtime.createThread("owner");
    private final SpdkThread other = runtime.createThread("other");

    private static CpuSet twoCpus() {
        return CpuSet.of(IntStream.range(0, CpuSet.MAX_CPUS)
                .filter(Cores.available()::contains)
                .limit(2)
                .toArray());
    }

    private static DmaPool.Builder oneBlock() {
        return DmaPool.builder().name("one block").pages(PageKind.NORMAL).limitBytes(BYTES);
    }

    /** Makes the thread the owner of the buffer's counter. */
    private static void use(SpdkThread thread, DmaBuf buf) throws Exception {
        thread.call(() -> {
                    buf.pin(thread);
                    buf.unpin(thread);
                    return null;
                })
                .get();
    }

    /** Lets both threads make passes until the condition holds. */
    private void passUntil(BooleanSupplier condition) throws Exception {
        while (!condition.getAsBoolean()) {
            owner.call(() -> null).get();
            other.call(() -> null).get();
        }
    }

    @AfterEach
    void end() {
        runtime.close();
    }

    @Test
    void memoryClosedElsewhereIsFreeWhenTheOwnerAgrees() throws Exception {
        try (DmaPool pool = oneBlock().build()) {
            DmaBuf buf = pool.allocate(BYTES);
            use(owner, buf);
            CountDownLatch busy = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            owner.send(() -> {
                busy.countDown();
                awaitQuietly(goOn);
            });
            busy.await();

            buf.close();
            assertThat(buf.isClosed()).isTrue();
            assertThat(pool.stats().settlingBytes()).isEqualTo(BYTES);
            assertThat(pool.stats().openBuffers()).isZero();
            assertThat(pool.stats().usedBytes()).isZero();
            assertThat(pool.tryAllocate(BYTES)).isNull();

            goOn.countDown();
            passUntil(() -> pool.stats().settlingBytes() == 0);
            pool.allocate(BYTES).close();
        }
    }

    @Test
    void anAllocationOffTheReactorsWaitsForMemoryOnItsWayBack() throws Exception {
        try (DmaPool pool = oneBlock().build()) {
            for (int i = 0; i < 1_000; i++) {
                DmaBuf buf = pool.allocate(BYTES);
                use(i % 2 == 0 ? owner : other, buf);
                buf.close();
            }
            assertThat(pool.stats().openBuffers()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void straightLineCodeUsesTheSameMemoryAgainAndAgain(TaskScheduling scheduling) throws Exception {
        assumeTrue(
                scheduling != TaskScheduling.REACTOR || TaskScheduling.reactorUnavailabilityCause() == null,
                TaskScheduling::reactorUnavailabilityCause);
        try (SpdkRuntime tasks =
                        SpdkRuntime.builder().taskScheduling(scheduling).start();
                DmaPool pool = oneBlock().build()) {
            SpdkThread thread = tasks.createThread("tasks");
            Task<Integer> task = thread.spawn("reuse", () -> {
                int done = 0;
                for (int i = 0; i < 200; i++) {
                    try (DmaBuf buf = pool.allocate(BYTES)) {
                        done += Task.call(() -> {
                            buf.pin(thread);
                            buf.unpin(thread);
                            return 1;
                        });
                    }
                }
                return done;
            });
            assertThat(task.join()).isEqualTo(200);
        }
    }

    @Test
    void anAllocationOffTheReactorsWaitsForTheCachesOfOthers() throws Exception {
        try (DmaPool pool = oneBlock().build()) {
            for (int i = 0; i < 500; i++) {
                owner.call(() -> {
                            pool.allocate(4096).close();
                            return null;
                        })
                        .get();
                pool.allocate(BYTES).close();
            }
        }
    }

    /**
     * One thread pins as often as it can while another closes. Whoever is told that he succeeded has succeeded: the
     * memory is not given out again before the last unpin.
     */
    @Test
    void closingAndPinningCompeteSafely() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        long pins = 0;
        try (DmaPool pool = oneBlock().build()) {
            for (int round = 1; round <= 2_000; round++) {
                DmaBuf buf = pool.allocate(BYTES);
                buf.segment().set(JAVA_LONG, 0, -round);
                CountDownLatch started = new CountDownLatch(1);
                Pinner pinner = new Pinner(buf, failure);
                CompletableFuture<Object> pinned = owner.call(() -> {
                    started.countDown();
                    pinner.run();
                    return null;
                });
                started.await();
                spin(round % 50);
                while (!buf.isClosed()) {
                    try {
                        buf.close();
                    } catch (IllegalStateException inFlight) {
                        spin(round % 7);
                    }
                }
                DmaBuf next = pool.tryAllocate(BYTES);
                if (next != null) {
                    next.segment().set(JAVA_LONG, 0, -round);
                    next.close();
                }
                pinned.get();
                pins += pinner.pins;
                assertThat(failure.get()).isNull();
            }
            passUntil(() -> pool.stats().settlingBytes() == 0);
            assertThat(pool.stats().openBuffers()).isZero();
        }
        assertThat(pins).isPositive();
    }

    private static void spin(int times) {
        for (int i = 0; i < times; i++) {
            Thread.onSpinWait();
        }
    }

    /** Pins and unpins until the buffer is closed, and looks whether somebody else writes while it is pinned. */
    private final class Pinner implements Runnable {
        private final DmaBuf buf;
        private final MemorySegment memory;
        private final AtomicReference<Throwable> failure;
        long pins;

        Pinner(DmaBuf buf, AtomicReference<Throwable> failure) {
            this.buf = buf;
            this.memory = buf.segment();
            this.failure = failure;
        }

        @Override
        public void run() {
            while (true) {
                try {
                    buf.pin(owner);
                } catch (IllegalStateException closed) {
                    return;
                }
                long value = ++pins;
                memory.set(JAVA_LONG, 0, value);
                spin(10);
                if (buf.isClosed()) {
                    spin(50); // We both won: this is what the test is about.
                }
                if (memory.get(JAVA_LONG, 0) != value) {
                    failure.set(new AssertionError("somebody else wrote to memory in flight"));
                }
                buf.unpin(owner);
                spin(3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPoolIsNotUnmappedUnderIoThatBeganJustBeforeItsEnd(boolean ofASlice) throws Exception {
        for (SpdkThread late : List.of(owner, other)) {
            DmaPool pool = oneBlock().build();
            for (SpdkThread thread : List.of(owner, other)) {
                thread.call(() -> {
                            pool.allocate(4096).close();
                            return null;
                        })
                        .get();
            }
            DmaBuf whole = pool.allocate(4096);
            DmaBuf buf = ofASlice ? whole.slice(512, 512) : whole;
            MemorySegment memory = buf.segment();
            use(owner, buf);
            CountDownLatch busy = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            CompletableFuture<Object> began = late.call(() -> {
                busy.countDown();
                awaitQuietly(goOn);
                buf.pin(late);
                return null;
            });
            busy.await();
            CompletableFuture<DmaLeakReport> closed = pool.closeAsync();
            goOn.countDown();
            began.get();
            passUntil(buf::isClosed);
            for (int i = 0; i < 10; i++) {
                owner.call(() -> null).get();
            }

            assertThat(closed).isNotDone();
            memory.set(JAVA_LONG, 0, 1);
            late.call(() -> {
                        assertThatIllegalStateException().isThrownBy(() -> buf.pin(late));
                        buf.unpin(late);
                        return null;
                    })
                    .get();
            assertThat(closed.get().buffers()).isEqualTo(1);
            assertThatIllegalStateException().isThrownBy(() -> memory.set(JAVA_LONG, 0, 1));
            buf.close();
            whole.close();
        }
    }

    @Test
    void aPoolMayBeClosedWhenItsThreadsHaveExited() throws Exception {
        DmaPool pool = oneBlock().build();
        DmaBuf buf = pool.allocate(4096);
        use(owner, buf);
        other.call(() -> {
                    pool.allocate(4096).close();
                    return null;
                })
                .get();
        owner.exit().get();
        other.exit().get();
        buf.close();
        assertThat(pool.closeAsync()).isCompletedWithValueMatching(DmaLeakReport::isEmpty);
    }

    @Test
    void threadsExitWhileTheirBuffersAndPoolsAreClosed() throws Exception {
        for (int round = 0; round < 300; round++) {
            SpdkThread passing = runtime.createThread("passing " + round);
            DmaPool pool = oneBlock().build();
            DmaBuf buf = pool.allocate(4096);
            DmaBuf slice = buf.slice(0, 512);
            use(passing, buf);
            passing.call(() -> {
                        pool.allocate(512, 512).close();
                        return null;
                    })
                    .get();
            CompletableFuture<Void> exited = passing.exit();
            spin(round % 40 * 10);
            buf.close();
            slice.close();
            if (round % 3 == 0) {
                pool.allocate(BYTES).close();
            }
            CompletableFuture<DmaLeakReport> closed = pool.closeAsync();
            assertThat(closed.get().isEmpty()).isTrue();
            exited.get();
        }
    }

    /** SPDK threads and others allocate, write, hand on, check, pin and close, each as much as a number says. */
    @Test
    void buffersGoRoundAmongManyThreads() throws Exception {
        int operations = 20_000;
        DmaPool pool = DmaPool.builder()
                .name("round")
                .pages(PageKind.NORMAL)
                .limitBytes(32 << 20)
                .slabBytes(4 << 20)
                .threadCacheBytes(64 << 10)
                .build();
        BlockingQueue<DmaBuf> ring = new ArrayBlockingQueue<>(64);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(4);

        for (SpdkThread thread : List.of(owner, other)) {
            Random random = new Random(thread.id());
            AtomicInteger left = new AtomicInteger(operations);
            AtomicReference<Poller> poller = new AtomicReference<>();
            thread.send(() -> poller.set(thread.poller("round")
                    .body(() -> {
                        for (int i = 0; i < 32 && left.get() > 0; i++) {
                            guarded(failure, () -> handOn(pool, ring, random, thread));
                            if (left.decrementAndGet() == 0) {
                                done.countDown();
                                poller.get().close();
                            }
                        }
                        return Poller.Result.BUSY;
                    })
                    .register()));
        }
        for (int t = 0; t < 2; t++) {
            Random random = new Random(100 + t);
            Thread.ofPlatform().daemon().start(() -> {
                for (int i = 0; i < operations; i++) {
                    guarded(failure, () -> handOn(pool, ring, random, null));
                }
                done.countDown();
            });
        }
        done.await();
        ring.forEach(DmaBuf::close);
        passUntil(() -> pool.stats().settlingBytes() == 0);
        assertThat(failure.get()).isNull();
        DmaPoolStats stats = pool.stats();
        assertThat(stats.openBuffers()).isZero();
        assertThat(stats.usedBytes()).isZero();
        assertThat(stats.mappedBytes()).isLessThanOrEqualTo(32 << 20);
        assertThat(stats.cacheHits()).isPositive();
        assertThat(pool.closeAsync().get().isEmpty()).isTrue();
    }

    private static void handOn(DmaPool pool, BlockingQueue<DmaBuf> ring, Random random, @Nullable SpdkThread thread) {
        DmaBuf buf = pool.tryAllocate(512L << random.nextInt(8), 512);
        if (buf != null) {
            buf.fill((byte) buf.address());
            buf.segment().set(JAVA_LONG, 0, buf.address());
            if (thread != null && random.nextBoolean()) {
                buf.pin(thread);
                buf.unpin(thread);
            }
            DmaBuf shared = random.nextInt(4) == 0 ? buf.retain() : null;
            if (!ring.offer(buf)) {
                buf.close();
            }
            if (shared != null) {
                check(shared, shared.address());
                shared.close();
            }
        }
        DmaBuf next = random.nextInt(3) == 0 ? null : ring.poll();
        if (next != null) {
            if (thread != null) {
                next.pin(thread);
            }
            check(next, next.address());
            if (thread != null) {
                next.unpin(thread);
            }
            next.close();
        }
    }

    private static void check(DmaBuf buf, long address) {
        if (buf.segment().get(JAVA_LONG, 0) != address
                || buf.segment().get(JAVA_BYTE, buf.size() - 1) != (byte) address) {
            throw new AssertionError(buf + " was overwritten");
        }
    }

    private static void guarded(AtomicReference<Throwable> failure, Runnable body) {
        try {
            body.run();
        } catch (Throwable t) {
            failure.compareAndSet(null, t);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
