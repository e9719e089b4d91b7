// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.malloc;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** The methods {@code bdev_malloc_create} and {@code bdev_malloc_delete}. */
public final class MallocBdevRpc {
    private MallocBdevRpc() {}

    private record Create(
            Optional<String> name,
            long numBlocks,
            int blockSize,
            Optional<UUID> uuid,
            OptionalInt optimalIoBoundary,
            OptionalInt physicalBlockSize,
            OptionalInt mdSize,
            Optional<Boolean> mdInterleave,
            OptionalInt difType,
            Optional<Boolean> difIsHeadOfMd,
            OptionalInt difPiFormat,
            OptionalInt numaId) {

        MallocBdevOptions options(BdevManager bdevs) {
            BdevRpc.refuse("md_size", mdSize);
            BdevRpc.refuse("md_interleave", mdInterleave);
            BdevRpc.refuse("dif_type", difType);
            BdevRpc.refuse("dif_is_head_of_md", difIsHeadOfMd);
            BdevRpc.refuse("dif_pi_format", difPiFormat);
            return new MallocBdevOptions(name.orElseGet(() -> bdevs.unusedName("Malloc")), blockSize, numBlocks)
                    .withUuid(uuid.orElse(null))
                    .withOptimalIoBoundary(optimalIoBoundary.orElse(0));
        }
    }

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register(
                "bdev_malloc_create",
                Create.class,
                p -> MallocBdev.create(bdevs, p.options(bdevs)).name());
        BdevRpc.registerDelete(registry, "bdev_malloc_delete", MallocBdev.PRODUCT_NAME, bdevs);
    }
}
