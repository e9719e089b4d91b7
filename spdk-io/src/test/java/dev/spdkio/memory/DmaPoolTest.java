// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.NativeMemory;
import dev.spdkio.sys.PageKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where memory comes from, where it goes, and what is counted. */
class DmaPoolTest {
    private static final long MIB = 1 << 20;

    private final SimulatedRuntime world = SimulatedRuntime.create(2, 1);
    private final SpdkThread one = world.createThread("one");
    private final SpdkThread two = world.createThread("two");

    private <T> T on(SpdkThread thread, Callable<T> body) {
        return world.call(thread, body);
    }

    @AfterEach
    void end() {
        world.close();
    }

    private static DmaPool.Builder small() {
        return DmaPool.builder()
                .name("small")
                .pages(PageKind.NORMAL)
                .limitBytes(4 * MIB)
                .slabBytes(2 * MIB);
    }

    private static List<DmaBuf> allocateAll(DmaPool pool, long bytes) {
        List<DmaBuf> all = new ArrayList<>();
        for (DmaBuf b = pool.tryAllocate(bytes); b != null; b = pool.tryAllocate(bytes)) {
            all.add(b);
        }
        return all;
    }

    @Test
    void badArgumentsAreRefused() {
        DmaPool.Builder b = DmaPool.builder();
        assertThatIllegalArgumentException().isThrownBy(() -> b.limitBytes(MIB)).withMessageContaining("limitBytes");
        assertThatIllegalArgumentException().isThrownBy(() -> b.limitBytes(Long.MAX_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> b.slabBytes(3 * MIB));
        assertThatIllegalArgumentException().isThrownBy(() -> b.slabBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> b.alignment(3));
        assertThatIllegalArgumentException().isThrownBy(() -> b.alignment(0));
        assertThatIllegalArgumentException().isThrownBy(() -> b.alignment(4 << 20));
        assertThatIllegalArgumentException().isThrownBy(() -> b.alignment(Integer.MIN_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> b.threadCacheBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> b.maxWaiters(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> b.reservedBytes(-1));
        try (DmaPool pool = small().build()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pool.allocate(0))
                    .withMessageContaining("pool small");
            assertThatIllegalArgumentException().isThrownBy(() -> pool.tryAllocate(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> pool.allocate(1, 12));
            assertThat(pool.tryAllocate(Long.MAX_VALUE)).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsWhichPagesItGot(PageKind wanted) {
        try (DmaPool pool = DmaPool.builder().pages(wanted).slabBytes(2 * MIB).build()) {
            pool.allocate(1).close();
            pool.allocate(3 * MIB).close();
            assertThat(pool.stats().pages()).hasSize(1).containsValue(2 * MIB);
            assertThat(pool.stats().pages().keySet()).allMatch(got -> got.compareTo(wanted) >= 0);
        }
    }

    @Test
    void neverMapsMoreThanItsLimit() {
        try (DmaPool pool = small().build()) {
            assertThat(pool.stats().mappedBytes()).isZero();
            List<DmaBuf> all = allocateAll(pool, 4096);
            assertThat(all).hasSize(1024);
            assertThat(pool.stats().mappedBytes()).isEqualTo(4 * MIB);
            assertThat(pool.stats().slabs()).isEqualTo(2);
            assertThat(pool.stats().usedBytes()).isEqualTo(4 * MIB);
            assertThat(pool.stats().peakUsedBytes()).isEqualTo(4 * MIB);
            assertThat(pool.stats().failures()).isEqualTo(1);
            assertThatThrownBy(() -> pool.allocate(1000))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("pool small has no room for a buffer of 1000 bytes")
                    .hasMessageContaining("4194304 bytes are in use")
                    .hasMessageContaining("raise the limit")
                    .hasMessageContaining("(limit limitBytes = 4194304)")
                    .satisfies(e ->
                            assertThat(((LimitExceededException) e).limit()).isEqualTo("limitBytes"));
            all.removeLast().close();
            pool.allocate(4096).close();
            all.forEach(DmaBuf::close);
            assertThat(pool.stats().usedBytes()).isZero();
            assertThat(pool.stats().mappedBytes()).isEqualTo(4 * MIB);
        }
    }

    @Test
    void anUnevenLimitIsUsedAsFarAsHugepagesGo() {
        try (DmaPool pool = small().limitBytes(7 * MIB).slabBytes(32 * MIB).build()) {
            List<DmaBuf> all = allocateAll(pool, 2 * MIB);
            assertThat(all).hasSize(3);
            assertThat(pool.stats().mappedBytes()).isEqualTo(6 * MIB);
            all.forEach(DmaBuf::close);
            pool.allocate(4 * MIB).close();
            all = allocateAll(pool, MIB);
            assertThat(all).hasSize(6);
            all.forEach(DmaBuf::close);
        }
    }

    @Test
    void memoryOfOneSizeServesAnotherWhenItIsFree() {
        try (DmaPool pool = small().alignment(512).build()) {
            List<DmaBuf> all = allocateAll(pool, 512);
            assertThat(all).hasSize(8192);
            for (int i = 0; i < all.size(); i += 2) {
                all.get(i).close();
            }
            assertThat(pool.tryAllocate(1024)).as("no two halves are free").isNull();
            all.forEach(DmaBuf::close);
            all = allocateAll(pool, 2 * MIB);
            assertThat(all).hasSize(2);
            all.forEach(DmaBuf::close);
            all = allocateAll(pool, 1024);
            assertThat(all).hasSize(4096);
            all.forEach(DmaBuf::close);
        }
    }

    @Test
    void largeBuffersHaveAMappingEachWhichEndsWithThem() {
        try (DmaPool pool = small().limitBytes(20 * MIB).build()) {
            DmaBuf large = pool.allocate(5 * MIB + 1);
            assertThat(pool.stats().mappedBytes()).isEqualTo(6 * MIB);
            assertThat(pool.stats().largeBuffers()).isEqualTo(1);
            assertThat(large.address() % DmaPool.MAX_ALIGNMENT).isZero();
            DmaBuf another = pool.allocate(14 * MIB);
            assertThat(pool.tryAllocate(1)).as("the limit counts both").isNull();
            assertThat(pool.tryAllocate(3 * MIB)).isNull();

            DmaBuf slice = large.slice(MIB, 10);
            large.close();
            MemorySegment kept = slice.segment();
            kept.set(JAVA_BYTE, 9, (byte) 1);
            slice.close();
            assertThatIllegalStateException().isThrownBy(() -> kept.get(JAVA_BYTE, 0));
            assertThat(pool.stats().mappedBytes()).isEqualTo(14 * MIB);
            another.close();
            assertThat(pool.stats().mappedBytes()).isZero();
            assertThat(pool.stats().peakMappedBytes()).isEqualTo(20 * MIB);
        }
    }

    @Test
    void reservesAndPrefaults() {
        try (DmaPool pool = small().reservedBytes(3 * MIB).prefault(true).build()) {
            assertThat(pool.stats().mappedBytes()).isEqualTo(4 * MIB);
            pool.allocate(4096).close();
            assertThat(pool.stats().mappedBytes()).isEqualTo(4 * MIB);
        }
        try (DmaPool pool = small().reservedBytes(1L << 40).build()) {
            assertThat(pool.stats().mappedBytes()).as("not more than the limit").isEqualTo(4 * MIB);
        }
    }

    @Test
    void whatTheSystemRefusesIsExplained() {
        long impossible = 1L << 55;
        try (DmaPool pool =
                DmaPool.builder().pages(PageKind.NORMAL).limitBytes(impossible).build()) {
            assertThat(pool.tryAllocate(impossible)).isNull();
            assertThatThrownBy(() -> pool.allocate(impossible))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("the system gives no more")
                    .hasCauseInstanceOf(Throwable.class);
            pool.allocate(4096).close();
            assertThat(pool.stats().mappedBytes()).isEqualTo(32 * MIB);
        }
    }

    @Test
    void slabsMayComeFromElsewhere() {
        List<Long> asked = new ArrayList<>();
        DmaPool pool = small().limitBytes(32 * MIB)
                .source((bytes, arena) -> {
                    asked.add(bytes);
                    NativeMemory.Mapping all = NativeMemory.map(bytes + 2 * MIB, PageKind.NORMAL, arena);
                    long skip = -all.segment().address() & (2 * MIB - 1);
                    return new NativeMemory.Mapping(all.segment().asSlice(skip, bytes), PageKind.HUGE);
                })
                .build();
        pool.allocate(4096).close();
        DmaBuf large = pool.allocate(5 * MIB);
        assertThat(asked).containsExactly(2 * MIB, 6 * MIB);
        assertThat(pool.stats().pages()).containsExactly(Map.entry(PageKind.HUGE, 8 * MIB));
        large.close();
        pool.close();

        try (DmaPool bad = small().source((bytes, arena) -> NativeMemory.map(bytes / 2, PageKind.NORMAL, arena))
                .build()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> bad.allocate(1))
                    .withMessageContaining("a slab source was asked for 2097152 bytes at a multiple of 2 MiB");
        }
        try (DmaPool dry = small().source((bytes, arena) -> {
                    throw new UncheckedIOException(new IOException("no more of it"));
                })
                .build()) {
            assertThat(dry.tryAllocate(1)).isNull();
            assertThatThrownBy(() -> dry.allocate(1))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("no more of it");
        }
    }

    // ---- caches of threads -----------------------------------------------------------------------------------

    @Test
    void aThreadServesItselfFromItsCache() {
        try (DmaPool pool = DmaPool.builder().pages(PageKind.NORMAL).build()) {
            on(one, () -> {
                for (int i = 0; i < 1000; i++) {
                    pool.allocate(4096).close();
                }
                return null;
            });
            DmaPoolStats stats = pool.stats();
            assertThat(stats.allocations()).isEqualTo(1000);
            assertThat(stats.cacheHits()).isEqualTo(999);
            assertThat(stats.centralHits()).isEqualTo(1);
            assertThat(stats.usedBytes()).isZero();
            assertThat(stats.openBuffers()).isZero();
            assertThat(stats.cachedBytes()).isPositive();
        }
    }

    @Test
    void aCacheIsBounded() {
        try (DmaPool pool = DmaPool.builder()
                .pages(PageKind.NORMAL)
                .threadCacheBytes(64 << 10)
                .build()) {
            for (long size = 512; size <= 4 * MIB; size *= 2) {
                long bytes = size;
                on(one, () -> {
                    List<DmaBuf> many = new ArrayList<>();
                    long before = pool.stats().cachedBytes();
                    for (int i = 0; i < 100; i++) {
                        many.add(pool.allocate(bytes, 512));
                    }
                    many.forEach(DmaBuf::close);
                    assertThat(pool.stats().cachedBytes() - before).isLessThanOrEqualTo(64 << 10);
                    return null;
                });
            }
        }
    }

    @Test
    void buffersMayGoBackOnAnotherThread() {
        try (DmaPool pool = DmaPool.builder().pages(PageKind.NORMAL).build()) {
            for (int round = 0; round < 20; round++) {
                List<DmaBuf> some = on(one, () -> {
                    List<DmaBuf> list = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        list.add(pool.allocate(4096));
                    }
                    return list;
                });
                on(two, () -> {
                    some.forEach(DmaBuf::close);
                    return null;
                });
            }
            assertThat(pool.stats().usedBytes()).isZero();
            assertThat(pool.stats().slabs()).as("memory goes round").isEqualTo(1);
        }
    }

    @Test
    void anExitingThreadGivesBackWhatItCached() {
        try (DmaPool pool = small().build()) {
            on(one, () -> {
                pool.allocate(4096).close();
                return null;
            });
            assertThat(pool.stats().cachedBytes()).isPositive();
            long hits = pool.stats().allocations();
            world.await(one.exit());
            assertThat(pool.stats().cachedBytes()).isZero();
            assertThat(pool.stats().allocations()).isEqualTo(hits);
            List<DmaBuf> all = allocateAll(pool, 2 * MIB);
            assertThat(all).hasSize(2);
            all.forEach(DmaBuf::close);
        }
    }

    @Test
    void whoeverFindsNothingCallsInTheCachesOfOthers() {
        try (DmaPool pool = small().build()) {
            for (SpdkThread thread : List.of(one, two)) {
                on(thread, () -> {
                    pool.allocate(4096).close();
                    return null;
                });
            }
            // From the driver of the simulation, nothing can come in between, so that it is served at once.
            List<DmaBuf> all = allocateAll(pool, 2 * MIB);
            assertThat(all).hasSize(2);
            all.forEach(DmaBuf::close);
            on(two, () -> {
                pool.allocate(4096).close();
                return null;
            });
            on(one, () -> {
                pool.allocate(4096).close();
                pool.allocate(2 * MIB).close();
                return null;
            });
        }
    }

    @Test
    void manyPoolsDoNotGetMixedUp() {
        Set<Integer> ids = new HashSet<>();
        for (int round = 0; round < 50; round++) {
            DmaPool a = small().build();
            DmaPool b = small().build();
            on(one, () -> {
                a.allocate(4096).close();
                try (DmaBuf buf = b.allocate(4096)) {
                    assertThat(buf.pool()).isSameAs(b);
                }
                return null;
            });
            ids.add(a.id);
            ids.add(b.id);
            (round % 2 == 0 ? a : b).close();
            (round % 2 == 0 ? b : a).close();
        }
        assertThat(ids).as("numbers of pools are used again").hasSize(2);
    }

    // ---- the end ---------------------------------------------------------------------------------------------

    @Test
    void aClosedPoolAllocatesNothing() {
        DmaPool pool = small().build();
        on(one, () -> {
            pool.allocate(4096).close();
            return null;
        });
        pool.close();
        pool.close();
        assertThat(pool.isClosed()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> pool.allocate(1)).withMessage("pool small is closed");
        assertThatIllegalStateException().isThrownBy(() -> pool.tryAllocate(10 * MIB));
        assertThatIllegalStateException().isThrownBy(() -> pool.onAvailable(1, one, DmaBuf::close));
        on(one, () -> {
            assertThatIllegalStateException().isThrownBy(() -> pool.tryAllocate(4096));
            return null;
        });
        assertThat(pool.closeAsync()).isCompleted();
        assertThat(pool.stats().mappedBytes()).isZero();
    }

    @Test
    void segmentsOfAClosedPoolThrow() {
        DmaPool pool = small().limitBytes(64 * MIB).build();
        MemorySegment small = pool.allocate(4096).segment();
        MemorySegment large = pool.allocate(8 * MIB).segment();
        assertThat(pool.closeAsync()).isCompletedWithValueMatching(report -> report.buffers() == 2);
        assertThatIllegalStateException().isThrownBy(() -> small.get(JAVA_BYTE, 0));
        assertThatIllegalStateException().isThrownBy(() -> large.get(JAVA_BYTE, 0));
    }

    @Test
    void memoryOfOthersIsWrappedAndNotKept() {
        DmaPool pool = small().build();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(8192);
            DmaBuf buf = on(one, () -> pool.wrap(memory));
            assertThat(buf.segment()).isSameAs(memory);
            assertThat(buf.pool()).isSameAs(pool);
            DmaBuf half = buf.slice(4096, 4096);
            half.fill((byte) 7);
            assertThat(memory.get(JAVA_BYTE, 4096)).isEqualTo((byte) 7);
            on(one, () -> {
                buf.pin(one);
                return null;
            });
            assertThatIllegalStateException().isThrownBy(buf::close).withMessageContaining("in flight");
            on(one, () -> {
                buf.unpin(one);
                return null;
            });
            buf.close();
            half.close();
            world.runUntilIdle();
            assertThatIllegalStateException().isThrownBy(half::segment);
            DmaPoolStats stats = pool.stats();
            assertThat(stats.usedBytes()).isZero();
            assertThat(stats.openBuffers()).isZero();
            assertThat(stats.settlingBytes()).isZero();
            assertThat(memory.get(JAVA_BYTE, 4096)).as("it stays").isEqualTo((byte) 7);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pool.wrap(MemorySegment.ofArray(new byte[8])))
                    .withMessageContainingAll("pool small", "outside the heap");
            assertThatIllegalArgumentException().isThrownBy(() -> pool.wrap(arena.allocate(0)));
        }
        pool.close();
    }
}
