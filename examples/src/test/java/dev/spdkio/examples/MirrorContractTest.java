// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.testkit.BdevContract;
import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.TestWorld;
import org.junit.jupiter.api.BeforeEach;

class MirrorContractTest extends BdevContract {
    @BeforeEach
    void open(@Seed long seed) throws Exception {
        use(TestWorld.of(SimulatedRuntime.create(2, seed)));
    }

    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        return create(world(), bdevs, "Mirror0");
    }

    static Bdev create(TestWorld world, BdevManager bdevs, String name) throws Exception {
        RamDisk.create(bdevs, name + "A", 512, MIN_BYTES / 512);
        RamDisk.create(bdevs, name + "B", 512, MIN_BYTES / 512);
        // What opens devices belongs on the app thread.
        return world.on(bdevs.appThread(), () -> Mirror.create(bdevs, name, name + "A", name + "B"));
    }
}
