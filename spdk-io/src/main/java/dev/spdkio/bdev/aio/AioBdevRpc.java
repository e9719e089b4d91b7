// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.file.FileRescan;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** The methods {@code bdev_aio_create}, {@code bdev_aio_rescan} and {@code bdev_aio_delete}. */
public final class AioBdevRpc {
    private AioBdevRpc() {}

    private record Create(
            String name,
            String filename,
            OptionalInt blockSize,
            Optional<Boolean> readonly,
            Optional<Boolean> fallocate,
            Optional<Boolean> nowait,
            Optional<UUID> uuid,
            Optional<Boolean> direct,
            OptionalInt threads,
            OptionalInt queueDepth) {

        AioBdevOptions options() {
            BdevRpc.refuse("nowait", nowait);
            return new AioBdevOptions(
                    name,
                    filename,
                    blockSize.orElse(0),
                    readonly.orElse(false),
                    fallocate.orElse(false),
                    uuid.orElse(null),
                    direct.orElse(null),
                    threads.orElse(AioBdevOptions.DEFAULT_THREADS),
                    queueDepth.orElse(AioBdevOptions.DEFAULT_QUEUE_DEPTH));
        }
    }

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                "bdev_aio_create",
                Create.class,
                p -> AioBdev.create(bdevs, p.options()).name());
        FileRescan.register(registry, "bdev_aio_rescan", bdevs, AioBdev::rescan);
        BdevRpc.registerDelete(registry, "bdev_aio_delete", AioBdev.PRODUCT_NAME, bdevs);
    }
}
