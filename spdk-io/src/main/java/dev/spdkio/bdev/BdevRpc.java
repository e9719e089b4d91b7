// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.FrameworkRpc;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.NoParams;
import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The {@code bdev_*} methods that concern every device. Stands for {@code lib/bdev/bdev_rpc.c}. */
public final class BdevRpc {
    /** All types of SPDK in its order; a client may expect each of them. */
    private static final List<String> IO_TYPE_NAMES = List.of(
            "read",
            "write",
            "unmap",
            "flush",
            "reset",
            "nvme_admin",
            "nvme_io",
            "nvme_io_md",
            "write_zeroes",
            "zcopy",
            "get_zone_info",
            "zone_management",
            "zone_append",
            "compare",
            "compare_and_write",
            "abort",
            "seek_hole",
            "seek_data",
            "copy",
            "nvme_iov_md",
            "nvme_nssr",
            "write_uncorrectable");

    private BdevRpc() {}

    private record SetOptions(
            OptionalInt bdevIoPoolSize,
            OptionalInt bdevIoCacheSize,
            Optional<Boolean> bdevAutoExamine,
            OptionalInt iobufSmallCacheSize,
            OptionalInt iobufLargeCacheSize) {}

    private record GetBdevs(Optional<String> name, OptionalInt timeout) {}

    /** SPDK has {@code names}; it had {@code name} before. */
    private record GetIostat(
            Optional<String> name,
            Optional<List<String>> names,
            Optional<Boolean> perChannel,
            Optional<String> resetMode) {}

    private record ResetIostat(Optional<String> name, Optional<String> mode) {}

    private record Iostat(long tickRate, long ticks, List<Map<String, Object>> bdevs) {}

    private record ChannelIostat(long tickRate, long ticks, String name, List<Map<String, Object>> channels) {}

    private record Examine(String name) {}

    /** What the delete methods of all modules take. */
    private record Delete(String name) {}

    /** Registers the methods. */
    public static void register(RpcRegistry registry, BdevManager bdevs) {
        registry.register("bdev_set_options", RpcState.ONLY_STARTUP, SetOptions.class, p -> setOptions(bdevs, p));
        registry.register("bdev_get_bdevs", GetBdevs.class, p -> getBdevs(bdevs, p));
        registry.register("bdev_get_iostat", GetIostat.class, p -> iostat(bdevs, p));
        registry.register("bdev_reset_iostat", ResetIostat.class, p -> resetIostat(bdevs, p));
        BdevControlRpc.register(registry, bdevs);
        registry.register("bdev_wait_for_examine", NoParams.class, _ -> {
            CompletionStage<Void> examined = bdevs.modules().whenExamined();
            return examined.thenApply(_ -> true);
        });
        registry.register("bdev_examine", Examine.class, p -> {
            bdevs.modules().examine(p.name());
            return true;
        });
    }

    /** Begins to delete a device by name. */
    @FunctionalInterface
    public interface Deletion {
        /** @return completes when it is gone */
        CompletionStage<Void> delete(String name) throws SpdkException;
    }

    /** Registers the delete method of a module: answers when the last user has closed the device and it is gone. */
    public static void registerDelete(RpcRegistry registry, String method, String productName, BdevManager bdevs) {
        registerDelete(registry, method, name -> delete(bdevs, name, productName));
    }

    /** The same for a module that has to do more. */
    public static void registerDelete(RpcRegistry registry, String method, Deletion deletion) {
        registry.register(method, Delete.class, p -> deletion.delete(p.name()).thenApply(_ -> true));
    }

    /** Removes the device of that name and kind. */
    public static CompletionStage<Void> delete(BdevManager bdevs, String name, String productName)
            throws SpdkException {
        Bdev bdev = find(bdevs, name);
        if (!bdev.productName().equals(productName)) {
            throw new SpdkException(
                    Errno.ENODEV, "bdev " + name + " is a " + bdev.productName() + ", not a " + productName);
        }
        return bdevs.unregister(bdev);
    }

    /** Refuses a parameter of SPDK that the device does not have, unless it says just that. */
    public static void refuse(String parameter, OptionalInt value) {
        if (value.orElse(0) != 0) {
            throw new IllegalArgumentException("parameter '" + parameter + "' is " + value.getAsInt()
                    + ": this device has no such property; leave it out or give 0");
        }
    }

    /** Refuses a flag of SPDK that the device does not have, unless it is off. */
    public static void refuse(String parameter, Optional<Boolean> value) {
        if (value.orElse(false)) {
            throw new IllegalArgumentException("parameter '" + parameter
                    + "' is true: this device has no such property; leave it out or give false");
        }
    }

    /** The calls that bring the devices into their present state, in the order in which they have to be made. */
    public static List<MethodCall> config(BdevManager bdevs) {
        List<MethodCall> calls = new ArrayList<>();
        calls.add(new MethodCall("bdev_set_options", bdevs.options().toJson()));
        bdevs.modules().allowed().forEach(name -> calls.add(new MethodCall("bdev_examine", Map.of("name", name))));
        for (BdevModule module : bdevs.modules().all()) {
            module.configCalls(bdevs).forEach(c -> calls.add(new MethodCall(c.method(), c.params())));
        }
        // A device comes after those it stands on: it was registered after them.
        for (Bdev bdev : bdevs.bdevs()) {
            BdevOps.ConfigCall call = bdev.configCall();
            if (call != null) {
                calls.add(new MethodCall(call.method(), call.params()));
            }
            calls.addAll(BdevControlRpc.config(bdev));
        }
        calls.add(new MethodCall("bdev_wait_for_examine"));
        return calls;
    }

    private static boolean setOptions(BdevManager bdevs, SetOptions p) {
        BdevOptions o = bdevs.options();
        bdevs.setOptions(o.withBdevIoPoolSize(p.bdevIoPoolSize().orElse(o.bdevIoPoolSize()))
                .withBdevIoCacheSize(p.bdevIoCacheSize().orElse(o.bdevIoCacheSize()))
                .withBdevAutoExamine(p.bdevAutoExamine().orElse(o.bdevAutoExamine())));
        return true;
    }

    /**
     * The device of that name.
     *
     * @throws SpdkException ENODEV if there is none
     */
    public static Bdev find(BdevManager bdevs, String name) throws SpdkException {
        Bdev bdev = bdevs.lookup(name);
        if (bdev == null) {
            throw new SpdkException(Errno.ENODEV, "No such device: there is no bdev " + name);
        }
        return bdev;
    }

    /** One that is not there is waited for, as long as the caller says. */
    private static CompletionStage<List<Map<String, Object>>> getBdevs(BdevManager bdevs, GetBdevs p)
            throws SpdkException {
        Optional<String> name = p.name();
        int millis = p.timeout().orElse(0);
        if (name.isEmpty() || millis <= 0 || bdevs.lookup(name.get()) != null) {
            return CompletableFuture.completedFuture(
                    select(bdevs, name).stream().map(BdevRpc::describe).toList());
        }
        return bdevs.openWhenPresent(name.get(), OpenMode.READ_ONLY, BdevEventListener.NONE, Duration.ofMillis(millis))
                .thenApply(desc -> {
                    try (desc) {
                        return List.of(describe(desc.bdev()));
                    }
                });
    }

    private static List<Bdev> select(BdevManager bdevs, Optional<String> name) throws SpdkException {
        return name.isPresent() ? List.of(find(bdevs, name.get())) : bdevs.bdevs();
    }

    private static Map<String, Object> describe(Bdev bdev) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", bdev.name());
        out.put("aliases", bdev.aliases());
        out.put("product_name", bdev.productName());
        out.put("block_size", bdev.blockSize());
        out.put("num_blocks", bdev.blockCount());
        out.put("uuid", bdev.uuid().toString());
        if (bdev.numaId() != BdevSpec.ANY_NUMA_NODE) {
            out.put("numa_id", bdev.numaId());
        }
        MetadataSpec metadata = bdev.metadata();
        if (metadata != null) {
            describe(metadata, out);
        }
        out.put("assigned_rate_limits", bdev.qosLimits().toJson());
        List<Claim> claims = bdev.claims();
        out.put("claimed", !claims.isEmpty());
        if (!claims.isEmpty()) {
            out.put("claim_type", claims.getFirst().type().jsonName());
        }
        out.put("zoned", bdev.isZoned());
        ZoneSpec zones = bdev.zones();
        if (zones != null) {
            out.put("zone_size", zones.zoneBlocks());
            out.put("max_open_zones", zones.maxOpenZones());
            out.put("optimal_open_zones", zones.optimalOpenZones());
        }
        Map<String, Object> types = new LinkedHashMap<>();
        IO_TYPE_NAMES.forEach(name -> types.put(name, false));
        for (IoType type : bdev.supportedTypes()) {
            // As in SPDK, what is emulated is not said to be supported, but for write zeroes.
            types.put(type.jsonName(), type == IoType.WRITE_ZEROES || !bdev.emulates(type));
        }
        out.put("supported_io_types", types);
        Map<String, Object> specific = new LinkedHashMap<>();
        bdev.dumpInfo(specific);
        out.put("driver_specific", specific);
        return out;
    }

    private static void describe(MetadataSpec metadata, Map<String, Object> out) {
        out.put("md_size", metadata.bytes());
        out.put("md_interleave", metadata.interleaved());
        out.put("dif_type", metadata.difType());
        if (metadata.hasDif()) {
            out.put("dif_is_head_of_md", metadata.difAtHead());
            Map<String, Object> checks = new LinkedHashMap<>();
            checks.put("reftag", metadata.checksReferenceTag());
            checks.put("apptag", metadata.checksApplicationTag());
            checks.put("guard", metadata.checksGuard());
            out.put("enabled_dif_check_types", checks);
            out.put("dif_pi_format", metadata.difFormat());
        }
    }

    private static CompletionStage<?> iostat(BdevManager bdevs, GetIostat p) throws SpdkException, RpcException {
        List<String> names = p.names().orElseGet(() -> p.name().map(List::of).orElse(List.of()));
        List<Bdev> of = new ArrayList<>();
        for (String name : names) {
            of.add(find(bdevs, name));
        }
        BdevStats.Reset mode = resetMode(p.resetMode(), BdevStats.Reset.NONE);
        if (p.perChannel().orElse(false)) {
            if (of.size() != 1) {
                throw new RpcException(
                        RpcErrorCode.INVALID_PARAMS, "per_channel is possible for one bdev: give its name");
            }
            return iostatByChannel(bdevs, of.getFirst(), mode);
        }
        return collect(names.isEmpty() ? bdevs.bdevs() : of, mode)
                .thenApply(rows -> new Iostat(FrameworkRpc.TICK_RATE, ticks(bdevs), rows));
    }

    private static CompletionStage<ChannelIostat> iostatByChannel(BdevManager bdevs, Bdev bdev, BdevStats.Reset mode) {
        return bdev.statsByThread(mode).thenApply(byThread -> {
            List<Map<String, Object>> rows = new ArrayList<>();
            byThread.forEach((thread, stats) -> {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("thread_id", thread.id());
                row.putAll(stats.toJson());
                rows.add(row);
            });
            return new ChannelIostat(FrameworkRpc.TICK_RATE, ticks(bdevs), bdev.name(), rows);
        });
    }

    private static long ticks(BdevManager bdevs) {
        return bdevs.runtime().clock().nanoTime();
    }

    private static CompletionStage<Boolean> resetIostat(BdevManager bdevs, ResetIostat p)
            throws SpdkException, RpcException {
        return collect(select(bdevs, p.name()), resetMode(p.mode(), BdevStats.Reset.ALL))
                .thenApply(_ -> true);
    }

    private static BdevStats.Reset resetMode(Optional<String> name, BdevStats.Reset otherwise) throws RpcException {
        if (name.isEmpty()) {
            return otherwise;
        }
        try {
            return BdevStats.Reset.valueOf(name.get().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new RpcException(
                    RpcErrorCode.INVALID_PARAMS,
                    "reset mode '" + name.get() + "' is unknown: use all, maxmin, error or none");
        }
    }

    private static CompletableFuture<List<Map<String, Object>>> collect(List<Bdev> bdevs, BdevStats.Reset mode) {
        CompletableFuture<List<Map<String, Object>>> all = CompletableFuture.completedFuture(new ArrayList<>());
        for (Bdev bdev : bdevs) {
            all = all.thenCombine(bdev.stats(mode), (rows, stats) -> {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("name", bdev.name());
                row.putAll(stats.toJson());
                QueueDepth depth = bdev.queueDepth();
                if (depth != null) {
                    row.putAll(depth.toJson());
                }
                rows.add(row);
                return rows;
            });
        }
        return all;
    }
}
