// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorBdevOptions;
import java.util.concurrent.CompletableFuture;

/** Without errors, and removed from below. */
class ErrorBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        Stacked.base(bdevs, 512);
        return world().on(bdevs.appThread(), () -> ErrorBdev.create(bdevs, new ErrorBdevOptions("Base0")));
    }

    @Override
    protected CompletableFuture<Void> remove(Bdev bdev) {
        return Stacked.removeFromBelow(bdev);
    }
}
