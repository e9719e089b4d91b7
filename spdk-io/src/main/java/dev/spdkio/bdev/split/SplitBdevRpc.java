// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.split;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.rpc.RpcRegistry;
import java.util.OptionalLong;

/** The methods {@code bdev_split_create} and {@code bdev_split_delete}. */
public final class SplitBdevRpc {
    private SplitBdevRpc() {}

    private record Create(String baseBdev, int splitCount, OptionalLong splitSizeMb) {
        SplitBdevOptions options() {
            return new SplitBdevOptions(baseBdev, splitCount, splitSizeMb.orElse(0));
        }
    }

    private record Delete(String baseBdev) {}

    static void register(RpcRegistry registry, BdevManager bdevs, SplitBdevModule module) {
        registry.register("bdev_split_create", Create.class, p -> module.create(bdevs, p.options()));
        registry.register(
                "bdev_split_delete",
                Delete.class,
                p -> module.delete(p.baseBdev()).thenApply(_ -> true));
    }
}
