// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.List;

/** The module of {@link PassthruBdev}: makes them when their bases come. */
public final class PassthruBdevModule implements BdevModule {
    private final LateBdevs<PassthruBdevOptions> late =
            new LateBdevs<>(PassthruBdev::create, PassthruBdevOptions::configCall);

    @Override
    public String name() {
        return PassthruBdev.PRODUCT_NAME;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        PassthruBdevRpc.register(registry, bdevs, late);
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
