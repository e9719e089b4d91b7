// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.error.SpdkException;

class NullBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws SpdkException {
        return NullBdev.create(bdevs, new NullBdevOptions("Null0", 512, MIN_BYTES / 512));
    }

    @Override
    public boolean stores() {
        return false;
    }
}
