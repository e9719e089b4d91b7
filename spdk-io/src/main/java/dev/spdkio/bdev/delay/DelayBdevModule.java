// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link DelayBdev}. */
public final class DelayBdevModule implements BdevModule {
    @Override
    public String name() {
        return "delay";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        DelayBdevRpc.register(registry, bdevs);
    }
}
