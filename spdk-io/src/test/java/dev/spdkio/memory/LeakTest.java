// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Buffers that were forgotten. */
class LeakTest {
    private static DmaPool pool(LeakTracking tracking) {
        return DmaPool.builder()
                .name("leaky")
                .pages(PageKind.NORMAL)
                .limitBytes(64 << 20)
                .slabBytes(2 << 20)
                .leakTracking(tracking)
                .build();
    }

    /** Collects garbage until the condition holds. */
    private static void collectUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the collector found nothing").isLessThan(deadline);
            System.gc();
            Thread.onSpinWait();
        }
    }

    private static DmaBuf allocateHere(DmaPool pool, long bytes) {
        return pool.allocate(bytes);
    }

    private static void forget(DmaPool pool) {
        DmaBuf buf = allocateHere(pool, 5000);
        buf.slice(0, 10).slice(1, 1);
        buf.retain();
    }

    @Test
    void closingThePoolReportsWhatIsOpenByItsPlace() throws Exception {
        DmaPool pool = pool(LeakTracking.ALL);
        List<DmaBuf> open = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            open.add(allocateHere(pool, 4096));
        }
        open.add(pool.allocate(6 << 20));
        DmaBuf sliced = pool.allocate(512);
        open.add(sliced.slice(0, 1));
        sliced.close();
        pool.allocate(4096).close();

        DmaLeakReport report = pool.closeAsync().get();
        assertThat(report.isEmpty()).isFalse();
        assertThat(report.buffers()).isEqualTo(5);
        assertThat(report.bytes()).isEqualTo((6 << 20) + 3 * 4096 + 4096);
        assertThat(report.sites()).hasSize(3);
        assertThat(report.sites().getFirst().bytes()).isEqualTo(6 << 20);
        assertThat(report.sites()).anySatisfy(site -> {
            assertThat(site.buffers()).isEqualTo(3);
            assertThat(site.where()).startsWith("dev.spdkio").contains("LeakTest.allocateHere(LeakTest.java:");
        });
        assertThat(report).hasToString(report.toString()).asString().contains("5 buffers of together 6307840 bytes");
        open.forEach(DmaBuf::close);
    }

    @Test
    void withoutTrackingThePlaceIsNotKnown() throws Exception {
        DmaPool pool = pool(LeakTracking.OFF);
        DmaBuf open = pool.allocate(4096);
        DmaLeakReport report = pool.closeAsync().get();
        assertThat(report.buffers()).isEqualTo(1);
        assertThat(report.sites())
                .singleElement()
                .satisfies(site -> assertThat(site.where()).contains("unknown"));
        assertThat(open.isClosed()).isTrue();
    }

    @Test
    void theCollectorFindsForgottenBuffersAndTheirMemoryStaysLost() throws Exception {
        DmaPool pool = pool(LeakTracking.ALL);
        forget(pool);
        collectUntil(() -> pool.stats().leaks() == 1);
        assertThat(pool.stats().usedBytes()).isEqualTo(8192);
        try (DmaBuf kept = pool.allocate(4096)) {
            System.gc();
            assertThat(pool.stats().leaks()).isEqualTo(1);
            assertThat(kept.isClosed()).isFalse();
        }
        DmaLeakReport report = pool.closeAsync().get();
        assertThat(report.buffers()).isEqualTo(1);
        assertThat(report.sites().getFirst().where()).contains("LeakTest.forget");
    }

    @Test
    void aClosedBufferIsNotForgotten() {
        try (DmaPool pool = pool(LeakTracking.ALL)) {
            for (int i = 0; i < 1000; i++) {
                DmaBuf buf = pool.allocate(4096);
                DmaBuf slice = buf.slice(0, 1);
                buf.close();
                slice.close();
            }
            forget(pool);
            collectUntil(() -> pool.stats().leaks() > 0);
            assertThat(pool.stats().leaks()).isEqualTo(1);
        }
    }

    @Test
    void aSliceKeepsTheWholeFromBeingForgotten() {
        try (DmaPool pool = pool(LeakTracking.ALL)) {
            DmaBuf buf = pool.allocate(4096);
            DmaBuf slice = buf.slice(0, 1);
            buf.close();
            WeakReference<DmaBuf> other = new WeakReference<>(pool.allocate(512).retain());
            buf = null;
            collectUntil(() -> other.refersTo(null) && pool.stats().leaks() == 1);
            slice.close();
            assertThat(pool.stats().openBuffers()).isEqualTo(1);
        }
    }

    @Test
    void samplesOneInSoMany() {
        DmaPool pool = pool(LeakTracking.SAMPLED);
        for (int i = 0; i < 3 * DmaPool.SAMPLE_INTERVAL; i++) {
            forgetOne(pool);
        }
        collectUntil(() -> pool.stats().leaks() == 3);
        pool.close();
    }

    private static void forgetOne(DmaPool pool) {
        pool.allocate(512);
    }

    @Test
    void aBufferThatWasWaitedForIsKnownByItsRequest() throws Exception {
        SimulatedRuntime world = SimulatedRuntime.create(1, 1);
        SpdkThread thread = world.createThread("t");
        DmaPool pool = pool(LeakTracking.ALL);
        List<DmaBuf> got = new ArrayList<>();
        pool.onAvailable(4096, thread, got::add);
        world.runUntilIdle();
        assertThat(got).hasSize(1);
        assertThat(world.await(pool.closeAsync()).sites().getFirst().where())
                .contains("LeakTest.aBufferThatWasWaitedForIsKnownByItsRequest");
        world.close();
    }

    @Test
    void aBufferDoesNotKeepAnExitedThreadAlive() {
        DmaPool pool = pool(LeakTracking.OFF);
        DmaBuf buf = pool.allocate(4096);
        WeakReference<SpdkThread> thread = pinOnce(buf);
        collectUntil(() -> thread.refersTo(null));
        assertThat(buf.pins()).isZero();
        buf.close();
        pool.close();
    }

    private static WeakReference<SpdkThread> pinOnce(DmaBuf buf) {
        try (SimulatedRuntime world = SimulatedRuntime.create(1, 1)) {
            SpdkThread thread = world.createThread("short-lived");
            world.call(thread, () -> {
                buf.pin(thread);
                buf.unpin(thread);
                return null;
            });
            world.await(thread.exit());
            return new WeakReference<>(thread);
        }
    }
}
