// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link AioBdev}. */
public final class AioBdevModule implements BdevModule {
    @Override
    public String name() {
        return "aio";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        AioBdevRpc.register(registry, bdevs);
    }
}
