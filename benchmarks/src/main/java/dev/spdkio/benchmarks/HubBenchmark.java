// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;

/** The way of an I/O through the hub, on a device that does nothing. */
@SuppressWarnings("NullAway.Init") // set by prepare
public class HubBenchmark extends IoBenchmark {
    private static final int BLOCK_SIZE = 4096;
    private static final long BLOCKS = 1 << 18;
    private static final long POOL_BYTES = 64 << 20;

    private DmaPool pool;
    private BdevManager bdevs;
    private BdevDesc desc;
    private BdevChannel channel;
    private DmaBuf buf;
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

    @Override
    protected void submit() {
        block = (block + 1) & (BLOCKS - 1);
        channel.submitReadBlocks(buf, block, 1, this, null);
    }
}
