// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.delay.DelayBdev;
import dev.spdkio.bdev.delay.DelayBdevOptions;
import dev.spdkio.bdev.delay.DelayLatencies;

class DelayBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        Stacked.base(bdevs, 512);
        return world().on(
                        bdevs.appThread(),
                        () -> DelayBdev.create(
                                bdevs, new DelayBdevOptions("Delay0", "Base0", new DelayLatencies(3, 90, 5, 200))));
    }
}
