// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** The way of an I/O through the hub, on a device that does nothing. */
@SuppressWarnings("NullAway.Init") // set by prepare
public class HubBenchmark extends ReactorBenchmark implements IoCompletion {
    private static final int BLOCK_SIZE = 4096;
    private static final long BLOCKS = 1 << 18;
    private static final long POOL_BYTES = 64 << 20;

    /** I/Os in flight. */
    @Param({"1", "128"})
    public int queueDepth;

    private DmaPool pool;
    private BdevManager bdevs;
    private BdevDesc desc;
    private BdevChannel channel;
    private DmaBuf buf;
    private int toSubmit;
    private int toComplete;
    private long block;

    @Override
    protected void prepare() throws Exception {
        pool = DmaPool.builder().name("bench").limitBytes(POOL_BYTES).build();
        bdevs = BdevManager.create(runtime, thread, pool, BdevOptions.DEFAULT);
        NullBdev.create(bdevs, new NullBdevOptions("Null0", BLOCK_SIZE, BLOCKS));
        thread.call(() -> {
                    desc = bdevs.open("Null0", OpenMode.READ_ONLY, BdevEventListener.NONE);
                    channel = desc.openChannel();
                    buf = pool.allocate(BLOCK_SIZE);
                    return true;
                })
                .join();
    }

    @Override
    protected void dispose() throws Exception {
        thread.call(() -> {
                    channel.close();
                    desc.close();
                    buf.close();
                    return true;
                })
                .join();
        bdevs.unregister("Null0").join();
        bdevs.close();
        pool.close();
    }

    /** A read of 4 KiB, from its submission to its callback. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void submitAndComplete() throws InterruptedException {
        batch(() -> {
            toComplete = BATCH;
            toSubmit = BATCH - queueDepth;
            for (int i = 0; i < queueDepth; i++) {
                submit();
            }
        });
    }

    private void submit() {
        block = (block + 1) & (BLOCKS - 1);
        channel.submitReadBlocks(buf, block, 1, this, null);
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        if (!status.isSuccess()) {
            batchFailed(new CompletionException(status.toString(), null));
            return;
        }
        if (toSubmit-- > 0) {
            submit();
        }
        if (--toComplete == 0) {
            batchOver();
        }
    }
}
