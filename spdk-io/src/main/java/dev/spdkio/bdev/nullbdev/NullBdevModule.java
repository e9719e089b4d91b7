// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.nullbdev;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link NullBdev}. */
public final class NullBdevModule implements BdevModule {
    @Override
    public String name() {
        return "null";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        NullBdevRpc.register(registry, bdevs);
    }
}
