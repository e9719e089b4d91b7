// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.UUID;

/** The methods {@code bdev_passthru_create} and {@code bdev_passthru_delete}. */
public final class PassthruBdevRpc {
    private PassthruBdevRpc() {}

    private record Create(String baseBdevName, String name, Optional<UUID> uuid) {
        PassthruBdevOptions options() {
            return new PassthruBdevOptions(name, baseBdevName, uuid.orElse(null));
        }
    }

    static void register(RpcRegistry registry, BdevManager bdevs, LateBdevs<PassthruBdevOptions> late) {
        registry.register(
                "bdev_passthru_create", Create.class, p -> late.create(bdevs, p.name(), p.baseBdevName(), p.options()));
        late.registerDelete(registry, "bdev_passthru_delete", PassthruBdev.PRODUCT_NAME, bdevs);
    }
}
