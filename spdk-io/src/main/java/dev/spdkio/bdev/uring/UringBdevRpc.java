// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.file.FileRescan;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** The methods {@code bdev_uring_create}, {@code bdev_uring_rescan} and {@code bdev_uring_delete}. */
public final class UringBdevRpc {
    private UringBdevRpc() {}

    private record Create(
            String name,
            String filename,
            OptionalInt blockSize,
            Optional<UUID> uuid,
            Optional<Boolean> readonly,
            Optional<Boolean> direct,
            Optional<Boolean> atomicWrites) {

        UringBdevOptions options() {
            return new UringBdevOptions(
                    name,
                    filename,
                    blockSize.orElse(0),
                    uuid.orElse(null),
                    readonly.orElse(false),
                    direct.orElse(null),
                    atomicWrites.orElse(false));
        }
    }

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                "bdev_uring_create",
                Create.class,
                p -> UringBdev.create(bdevs, p.options()).name());
        FileRescan.register(registry, "bdev_uring_rescan", bdevs, UringBdev::rescan);
        BdevRpc.registerDelete(registry, "bdev_uring_delete", UringBdev.PRODUCT_NAME, bdevs);
    }
}
