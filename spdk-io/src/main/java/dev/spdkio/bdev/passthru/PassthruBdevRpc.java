// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
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

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                "bdev_passthru_create",
                Create.class,
                p -> PassthruBdev.create(bdevs, p.options()).name());
        BdevRpc.registerDelete(registry, "bdev_passthru_delete", PassthruBdev.PRODUCT_NAME, bdevs);
    }
}
