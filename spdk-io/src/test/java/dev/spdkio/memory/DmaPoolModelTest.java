// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operations on a small pool, by the driver of a simulation and its threads, against a model: a map of who has
 * which addresses, and a pattern in every buffer.
 */
class DmaPoolModelTest {
    private static final long LIMIT = 16 << 20;
    private static final int STEPS = 12_000;

    /**
     * An allocation of the model. The memory is that of its first handle, which may be closed already: as long as
     * there are others, it is still ours.
     */
    private record Live(MemorySegment memory, long pattern, List<DmaBuf> handles) {
        long address() {
            return memory.address();
        }

        long size() {
            return memory.byteSize();
        }

        /** Which bytes are written and looked at: enough to notice a neighbour, few enough to be quick. */
        long stride() {
            return Math.max(1, size() / 64);
        }

        void write() {
            for (long i = 0; i < size(); i += stride()) {
                memory.set(ValueLayout.JAVA_BYTE, i, (byte) (pattern * 31 + i));
            }
            memory.set(ValueLayout.JAVA_BYTE, size() - 1, (byte) pattern);
        }

        void check() {
            for (long i = 0; i < size() - 1; i += stride()) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (pattern * 31 + i));
            }
            assertThat(memory.get(ValueLayout.JAVA_BYTE, size() - 1)).isEqualTo((byte) pattern);
            for (DmaBuf handle : handles) {
                assertThat(handle.isClosed()).isFalse();
                assertThat(handle.address()).isBetween(address(), address() + size() - handle.size());
            }
        }
    }

    private final TreeMap<Long, Live> live = new TreeMap<>();
    private DmaPool pool;
    private RandomGenerator random;
    private long patterns;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void liveBuffersNeverOverlapNorChange(long seed) {
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        pool = DmaPool.builder()
                .name("model")
                .pages(PageKind.NORMAL)
                .limitBytes(LIMIT)
                .slabBytes(4 << 20)
                .threadCacheBytes(64 << 10)
                .build();
        try (SimulatedRuntime world = SimulatedRuntime.create(2, seed)) {
            List<SpdkThread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(world.createThread("t" + i));
            }
            for (int step = 0; step < STEPS; step++) {
                int who = random.nextInt(threads.size() + 1);
                if (who == threads.size()) {
                    step();
                } else {
                    world.call(threads.get(who), () -> {
                        step();
                        return null;
                    });
                }
                if (step % 100 == 0) {
                    world.runUntilIdle();
                    checkStats();
                }
                if (step % 3_000 == 2_999) {
                    world.await(threads.remove(0).exit());
                    threads.add(world.createThread("later " + step));
                }
            }
            new ArrayList<>(live.values()).forEach(this::closeAll);
            world.runUntilIdle();
            checkStats();
            DmaLeakReport report = world.await(pool.closeAsync());
            assertThat(report.isEmpty()).isTrue();
        }
    }

    private void step() {
        // Comes and goes in waves, so that the limit is met as well as emptiness.
        int wave = (int) (patterns / 500 % 2);
        int dice = random.nextInt(100);
        if (dice < (wave == 0 ? 55 : 35)) {
            allocate();
        } else if (live.isEmpty()) {
            return;
        } else if (dice < 65) {
            share();
        } else if (dice < 70) {
            rewrite();
        } else {
            closeOne();
        }
    }

    private void allocate() {
        long bytes = 1 + (random.nextLong() & ((1L << random.nextInt(1, 24)) - 1));
        int alignment = 1 << random.nextInt(22);
        DmaBuf buf = pool.tryAllocate(bytes, alignment);
        patterns++;
        if (buf == null) {
            return;
        }
        assertThat(buf.address() % alignment).isZero();
        assertThat(buf.size()).isEqualTo(bytes);
        Map.Entry<Long, Live> below = live.floorEntry(buf.address());
        Map.Entry<Long, Live> above = live.ceilingEntry(buf.address());
        assertThat(below == null
                        || below.getValue().address() + below.getValue().size() <= buf.address())
                .isTrue();
        assertThat(above == null || buf.address() + bytes <= above.getKey()).isTrue();
        Live l = new Live(buf.segment(), patterns, new ArrayList<>(List.of(buf)));
        live.put(l.address(), l);
        l.write();
    }

    private Live any() {
        Map.Entry<Long, Live> e =
                live.ceilingEntry(live.firstKey() + random.nextLong(live.lastKey() - live.firstKey() + 1));
        return e.getValue();
    }

    private void share() {
        Live l = any();
        DmaBuf of = l.handles().get(random.nextInt(l.handles().size()));
        if (random.nextBoolean()) {
            l.handles().add(of.retain());
        } else {
            long offset = random.nextLong(of.size());
            l.handles().add(of.slice(offset, 1 + random.nextLong(of.size() - offset)));
        }
    }

    private void rewrite() {
        Live l = any();
        Live again = new Live(l.memory(), ++patterns, l.handles());
        live.put(l.address(), again);
        again.write();
    }

    private void closeOne() {
        Live l = any();
        l.check();
        DmaBuf handle = l.handles().remove(random.nextInt(l.handles().size()));
        handle.close();
        if (random.nextInt(10) == 0) {
            handle.close();
        }
        if (l.handles().isEmpty()) {
            live.remove(l.address());
        }
    }

    private void closeAll(Live l) {
        l.check();
        l.handles().forEach(DmaBuf::close);
        live.remove(l.address());
    }

    private void checkStats() {
        DmaPoolStats stats = pool.stats();
        assertThat(stats.openBuffers()).isEqualTo(live.size());
        long used = 0;
        for (Live l : live.values()) {
            used += l.size();
        }
        assertThat(stats.usedBytes()).isGreaterThanOrEqualTo(used);
        assertThat(stats.mappedBytes()).isLessThanOrEqualTo(LIMIT);
        assertThat(stats.usedBytes() + stats.cachedBytes()).isLessThanOrEqualTo(stats.mappedBytes());
        assertThat(stats.settlingBytes()).isZero();
    }
}
