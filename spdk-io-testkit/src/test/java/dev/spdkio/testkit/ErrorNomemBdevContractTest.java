// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorBdevOptions;
import dev.spdkio.bdev.error.ErrorInjection;
import dev.spdkio.bdev.error.ErrorType;

/** A device that has no room for one I/O in four: nobody notices. */
class ErrorNomemBdevContractTest extends BdevContractInWorlds {
    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        Stacked.base(bdevs, 512);
        Bdev bdev = world().on(bdevs.appThread(), () -> ErrorBdev.create(bdevs, new ErrorBdevOptions("Base0")));
        ErrorBdev.inject(
                bdev,
                ErrorInjection.of(ErrorInjection.Target.ALL, ErrorType.NOMEM, Long.MAX_VALUE)
                        .withRate(0.25));
        return bdev;
    }
}
