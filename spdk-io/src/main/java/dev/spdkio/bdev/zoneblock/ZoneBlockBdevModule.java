// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.List;

/** The module of {@link ZoneBlockBdev}: makes them when their bases come. */
public final class ZoneBlockBdevModule implements BdevModule {
    private final LateBdevs<ZoneBlockBdevOptions> late =
            new LateBdevs<>(ZoneBlockBdev::create, ZoneBlockBdevOptions::configCall);

    @Override
    public String name() {
        return ZoneBlockBdev.MODULE;
    }

    @Override
    public void register(RpcRegistry registry, BdevManager bdevs) {
        ZoneBlockBdevRpc.register(registry, bdevs, late);
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
