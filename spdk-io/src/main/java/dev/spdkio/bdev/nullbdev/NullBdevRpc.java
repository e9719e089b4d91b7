// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.nullbdev;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** The methods {@code bdev_null_create} and {@code bdev_null_delete}. */
public final class NullBdevRpc {
    private NullBdevRpc() {}

    private record Create(
            String name,
            long numBlocks,
            int blockSize,
            Optional<UUID> uuid,
            OptionalInt physicalBlockSize,
            OptionalInt mdSize,
            OptionalInt difType,
            Optional<Boolean> difIsHeadOfMd,
            OptionalInt difPiFormat,
            OptionalInt preferredWriteAlignment,
            OptionalInt preferredWriteGranularity,
            OptionalInt optimalWriteSize,
            OptionalInt preferredUnmapAlignment,
            OptionalInt preferredUnmapGranularity) {

        NullBdevOptions options() {
            BdevRpc.refuse("dif_type", difType);
            BdevRpc.refuse("dif_is_head_of_md", difIsHeadOfMd);
            BdevRpc.refuse("dif_pi_format", difPiFormat);
            return new NullBdevOptions(name, blockSize, numBlocks, uuid.orElse(null), mdSize.orElse(0));
        }
    }

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                "bdev_null_create",
                Create.class,
                p -> NullBdev.create(bdevs, p.options()).name());
        BdevRpc.registerDelete(registry, "bdev_null_delete", NullBdev.PRODUCT_NAME, bdevs);
    }
}
