// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevModule;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link PassthruBdev}: makes them when their bases come. */
public final class PassthruBdevModule extends LateBdevModule<PassthruBdevOptions> {
    /** For an application. */
    public PassthruBdevModule() {
        super(PassthruBdev.PRODUCT_NAME, new LateBdevs<>(PassthruBdev::create, PassthruBdevOptions::configCall));
    }

    @Override
    protected void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<PassthruBdevOptions> late) {
        PassthruBdevRpc.register(registry, bdevs, late);
    }
}
