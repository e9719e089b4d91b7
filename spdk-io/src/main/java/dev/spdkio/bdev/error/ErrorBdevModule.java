// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link ErrorBdev}. */
public final class ErrorBdevModule implements BdevModule {
    @Override
    public String name() {
        return "error";
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        ErrorBdevRpc.register(registry, bdevs);
    }
}
