// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.malloc;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link MallocBdev}. */
public final class MallocBdevModule implements BdevModule {
    @Override
    public String name() {
        return "malloc";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        MallocBdevRpc.register(registry, bdevs);
    }
}
