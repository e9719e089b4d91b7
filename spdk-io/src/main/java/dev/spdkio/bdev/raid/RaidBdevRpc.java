// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/** The methods {@code bdev_raid_*}. Stands for {@code module/bdev/raid/bdev_raid_rpc.c}. */
public final class RaidBdevRpc {
    private RaidBdevRpc() {}

    private record Create(
            String name,
            OptionalInt stripSizeKb,
            String raidLevel,
            List<String> baseBdevs,
            Optional<UUID> uuid,
            Optional<Boolean> superblock) {
        RaidBdevOptions options() {
            return new RaidBdevOptions(
                    name,
                    RaidLevel.parse(raidLevel),
                    stripSizeKb.orElse(0),
                    baseBdevs,
                    uuid.orElse(null),
                    superblock.orElse(false));
        }
    }

    private record Delete(String name, Optional<Boolean> clearSb) {}

    private record GetBdevs(Optional<String> category) {}

    private record AddBase(String baseBdev, String raidBdev) {}

    private record RemoveBase(String name) {}

    private record SetOptions(OptionalInt processWindowSizeKb, OptionalInt processMaxBandwidthMbSec) {}

    /** Registers the methods. */
    public static void register(RpcRegistry registry, RaidArrays arrays) {
        registry.register("bdev_raid_create", Create.class, p -> done(arrays.create(p.options())));
        registry.register(
                "bdev_raid_delete",
                Delete.class,
                p -> done(arrays.delete(p.name(), p.clearSb().orElse(false))));
        registry.register(
                "bdev_raid_get_bdevs",
                GetBdevs.class,
                p -> list(arrays, p.category().orElse("all")));
        registry.register(
                "bdev_raid_add_base_bdev", AddBase.class, p -> done(arrays.addBase(p.raidBdev(), p.baseBdev())));
        registry.register("bdev_raid_remove_base_bdev", RemoveBase.class, p -> done(arrays.removeBase(p.name())));
        registry.register("bdev_raid_set_options", RpcState.ALWAYS, SetOptions.class, p -> setOptions(arrays, p));
    }

    private static CompletionStage<Boolean> done(CompletionStage<?> call) {
        return call.thenApply(_ -> true);
    }

    private static boolean setOptions(RaidArrays arrays, SetOptions p) {
        RaidOptions now = arrays.options();
        arrays.setOptions(new RaidOptions(
                p.processWindowSizeKb().orElse(now.processWindowSizeKb()),
                p.processMaxBandwidthMbSec().orElse(now.processMaxBandwidthMbSec())));
        return true;
    }

    private static List<Map<String, Object>> list(RaidArrays arrays, String category) {
        List<String> categories = List.of("all", "online", "configuring", "offline");
        if (!categories.contains(category)) {
            throw new IllegalArgumentException("category '" + category + "' is unknown: use one of " + categories);
        }
        return arrays.list().stream()
                .filter(a -> category.equals("all") || category.equals(a.state().jsonName()))
                .map(RaidBdevRpc::describe)
                .toList();
    }

    private static Map<String, Object> describe(RaidBdev array) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", array.name());
        out.putAll(array.info());
        return out;
    }
}
