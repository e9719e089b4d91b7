// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.IoVec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.infra.Blackhole;

/** The memory operations of an I/O. */
@SuppressWarnings("NullAway.Init") // set by prepare
public class MemoryBenchmark extends ReactorBenchmark {
    private static final int SIZE = 4096;
    private static final long POOL_BYTES = 64 << 20;
    private static final int PARTS = 8;
    private static final int DEPTH = 100;

    private DmaPool pool;
    private DmaBuf buf;
    private IoVec vector;
    private final DmaBuf[] held = new DmaBuf[DEPTH];
    private final DmaBuf[] taken = new DmaBuf[DEPTH];

    @Override
    protected void prepare() throws InterruptedException {
        pool = DmaPool.builder().name("bench").limitBytes(POOL_BYTES).build();
        onThread(() -> {
            buf = pool.allocate(SIZE);
            DmaBuf[] parts = new DmaBuf[PARTS];
            for (int i = 0; i < PARTS; i++) {
                parts[i] = pool.allocate(SIZE);
            }
            vector = IoVec.of(parts);
            for (int i = 0; i < DEPTH; i++) {
                held[i] = pool.allocate(SIZE);
            }
        });
    }

    @Override
    protected void dispose() throws InterruptedException {
        onThread(() -> {
            buf.close();
            for (int i = 0; i < PARTS; i++) {
                vector.buf(i).close();
            }
            for (DmaBuf b : held) {
                b.close();
            }
        });
        pool.close();
    }

    /** Allocates and closes a buffer of 4 KiB from the cache of an SPDK thread. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void allocateAndClose() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH; i++) {
                pool.allocate(SIZE).close();
            }
        });
    }

    /** The same for {@value #DEPTH} at a time, so that each is another one. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void allocateAndCloseMany() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH / DEPTH; i++) {
                for (int k = 0; k < DEPTH; k++) {
                    taken[k] = pool.allocate(SIZE);
                }
                for (DmaBuf b : taken) {
                    b.close();
                }
            }
        });
    }

    /** A buffer for one I/O: also the mark, for the first time, which makes the thread its owner. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void allocatePinUnpinAndClose() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH; i++) {
                DmaBuf b = pool.allocate(SIZE);
                b.pin(thread);
                b.unpin(thread);
                b.close();
            }
        });
    }

    /** Allocates and closes from an ordinary thread, which has no cache. */
    @Benchmark
    public void allocateAndCloseElsewhere() {
        pool.allocate(SIZE).close();
    }

    /** Marks a buffer as in flight, and takes the mark away. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void pinAndUnpin() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH; i++) {
                buf.pin(thread);
                buf.unpin(thread);
            }
        });
    }

    /**
     * The same as I/O does it: {@value #DEPTH} buffers are marked, then unmarked. (One alone waits for its own counter
     * to be stored and loaded again.)
     */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void pinAndUnpinMany() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH / DEPTH; i++) {
                for (DmaBuf b : held) {
                    b.pin(thread);
                }
                for (DmaBuf b : held) {
                    b.unpin(thread);
                }
            }
        });
    }

    /** A handle of one's own on a part of a buffer. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void sliceAndClose() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH; i++) {
                buf.slice(SIZE / 2, SIZE / 4).close();
            }
        });
    }

    /** A range of a list of 8 buffers that begins and ends inside of some. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void sliceVector(Blackhole hole) throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < BATCH; i++) {
                hole.consume(vector.slice(SIZE / 2, SIZE + (i & (SIZE - 1)) + 1L));
            }
        });
    }
}
