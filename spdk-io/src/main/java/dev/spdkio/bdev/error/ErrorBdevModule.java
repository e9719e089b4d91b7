// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevModule;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link ErrorBdev}: makes them when their bases come. */
public final class ErrorBdevModule extends LateBdevModule<ErrorBdevOptions> {
    /** For an application. */
    public ErrorBdevModule() {
        super(ErrorBdev.MODULE, new LateBdevs<>(ErrorBdev::create, ErrorBdevOptions::configCall));
    }

    @Override
    protected void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<ErrorBdevOptions> late) {
        ErrorBdevRpc.register(registry, bdevs, late);
    }
}
