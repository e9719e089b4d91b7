// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevModule;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;

/** The module of {@link ZoneBlockBdev}: makes them when their bases come. */
public final class ZoneBlockBdevModule extends LateBdevModule<ZoneBlockBdevOptions> {
    /** For an application. */
    public ZoneBlockBdevModule() {
        super(ZoneBlockBdev.MODULE, new LateBdevs<>(ZoneBlockBdev::create, ZoneBlockBdevOptions::configCall));
    }

    @Override
    protected void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<ZoneBlockBdevOptions> late) {
        ZoneBlockBdevRpc.register(registry, bdevs, late);
    }
}
