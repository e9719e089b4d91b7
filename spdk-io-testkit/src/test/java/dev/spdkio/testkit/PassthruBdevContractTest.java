// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;

class PassthruBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        MallocBdev.create(bdevs, new MallocBdevOptions("Malloc0", 512, MIN_BYTES / 512).withPrefault(false));
        return world().on(
                        bdevs.appThread(), () -> PassthruBdev.create(bdevs, new PassthruBdevOptions("PT0", "Malloc0")));
    }
}
