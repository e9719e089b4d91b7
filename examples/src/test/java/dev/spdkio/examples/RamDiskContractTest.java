// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.testkit.BdevContract;
import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.TestWorld;
import org.junit.jupiter.api.BeforeEach;

// docs: ram-disk-contract
class RamDiskContractTest extends BdevContract {
    @BeforeEach
    void open(@Seed long seed) throws Exception {
        use(TestWorld.of(SimulatedRuntime.create(2, seed))); // or a real SpdkRuntime, or an SpdkApp
    }

    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        return RamDisk.create(bdevs, "Ram0", 512, MIN_BYTES / 512);
    }
}
// docs: end
