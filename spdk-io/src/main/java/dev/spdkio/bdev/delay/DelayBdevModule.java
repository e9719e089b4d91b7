// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.List;

/** The module of {@link DelayBdev}: makes them when their bases come. */
public final class DelayBdevModule implements BdevModule {
    private final LateBdevs<DelayBdevOptions> late = new LateBdevs<>(DelayBdev::create, DelayBdevOptions::configCall);

    @Override
    public String name() {
        return DelayBdev.PRODUCT_NAME;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        DelayBdevRpc.register(registry, bdevs, late);
    }

    @Override
    public void examineConfig(Bdev bdev) {
        late.examineConfig(bdev);
    }

    @Override
    public List<ConfigCall> configCalls(BdevManager bdevs) {
        return late.configCalls(bdevs);
    }
}
