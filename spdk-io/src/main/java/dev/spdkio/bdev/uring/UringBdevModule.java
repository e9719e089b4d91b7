// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link UringBdev}. */
public final class UringBdevModule implements BdevModule {
    @Override
    public String name() {
        return "uring";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        UringBdevRpc.register(registry, bdevs);
    }
}
