// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.testkit.BdevContract;
import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.TestWorld;
import org.junit.jupiter.api.BeforeEach;

class EncryptingFilterContractTest extends BdevContract {
    private static final int BLOCK = 4096;

    @BeforeEach
    void open(@Seed long seed) throws Exception {
        use(TestWorld.of(SimulatedRuntime.create(2, seed)));
    }

    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        return create(world(), bdevs, "Secret0");
    }

    static Bdev create(TestWorld world, BdevManager bdevs, String name) throws Exception {
        RamDisk.create(bdevs, name + "Ram", BLOCK, MIN_BYTES / BLOCK);
        Bdev filter =
                world.on(bdevs.appThread(), () -> EncryptingFilter.create(bdevs, name, name + "Ram", new byte[32]));
        // What was never written reads as noise; the contract begins with zeroes.
        BdevDesc desc =
                world.on(bdevs.appThread(), () -> bdevs.open(name, OpenMode.READ_WRITE, BdevEventListener.NONE));
        BdevChannel channel = world.on(bdevs.appThread(), desc::openChannel);
        try (DmaBuf zeroes = bdevs.pool().allocate(1 << 20)) {
            zeroes.fill((byte) 0);
            for (long at = 0; at < filter.sizeBytes(); at += zeroes.size()) {
                world.await(channel.writeAsync(zeroes, at));
            }
        }
        desc.close();
        world.await(desc.closed());
        world.await(filter.stats(BdevStats.Reset.ALL));
        return filter;
    }
}
