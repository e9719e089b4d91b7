// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.bdev.split.SplitBdev;
import dev.spdkio.bdev.split.SplitBdevOptions;

class SplitBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        MallocBdev.create(bdevs, new MallocBdevOptions("Malloc0", 512, 3 * MIN_BYTES / 512).withPrefault(false));
        return world().on(bdevs.appThread(), () -> SplitBdev.create(bdevs, new SplitBdevOptions("Malloc0", 3)))
                .get(1);
    }
}
