// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevModule;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link DelayBdev}: makes them when their bases come. */
public final class DelayBdevModule extends LateBdevModule<DelayBdevOptions> {
    /** For an application. */
    public DelayBdevModule() {
        super(DelayBdev.PRODUCT_NAME, new LateBdevs<>(DelayBdev::create, DelayBdevOptions::configCall));
    }

    @Override
    protected void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<DelayBdevOptions> late) {
        DelayBdevRpc.register(registry, bdevs, late);
    }
}
