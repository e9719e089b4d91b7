// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;

/** The methods {@code bdev_zone_block_create} and {@code bdev_zone_block_delete}. */
public final class ZoneBlockBdevRpc {
    private ZoneBlockBdevRpc() {}

    private record Create(String name, String baseBdev, long zoneCapacity, int optimalOpenZones) {}

    static void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<ZoneBlockBdevOptions> late) {
        registry.register("bdev_zone_block_create", Create.class, p -> {
            ZoneBlockBdevOptions options =
                    new ZoneBlockBdevOptions(p.name(), p.baseBdev(), p.zoneCapacity(), p.optimalOpenZones());
            return late.create(bdevs, p.name(), p.baseBdev(), options);
        });
        late.registerDelete(registry, "bdev_zone_block_delete", ZoneBlockBdev.PRODUCT_NAME, bdevs);
    }
}
