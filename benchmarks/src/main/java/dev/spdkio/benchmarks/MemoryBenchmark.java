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

    private DmaPool pool;
    private DmaBuf buf;
    private IoVec vector;

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
        });
    }

    @Override
    protected void dispose() throws InterruptedException {
        onThread(() -> {
            buf.close();
            for (int i = 0; i < PARTS; i++) {
                vector.buf(i).close();
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

    /** The same from an ordinary thread, which has no cache. */
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
