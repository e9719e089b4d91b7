// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * SPDK's methods by name, typed, over a {@link RpcClient}. The records mirror SPDK's JSON; what they leave out is in
 * the tree that {@link RpcClient#call(String, Object)} returns.
 *
 * <p>Blocks; any thread but a reactor, as the client.
 */
public final class SpdkRpc {
    private final RpcClient client;

    /** Calls through a client, which stays the caller's to close. */
    public SpdkRpc(RpcClient client) {
        this.client = client;
    }

    /** The client below. */
    public RpcClient client() {
        return client;
    }

    // ---- framework ------------------------------------------------------------------------------------------------

    /** The version of the server. */
    public record Version(String version, Fields fields) {
        /** Its parts. */
        public record Fields(int major, int minor, int patch, String suffix) {}
    }

    /** {@code framework_get_reactors}. Times are in ticks, of which a second has {@code tickRate}. */
    public record Reactors(long tickRate, long pid, List<Reactor> reactors) {
        /** One reactor. */
        public record Reactor(int lcore, long busy, long idle, boolean inInterrupt, List<LwThread> lwThreads) {}

        /** One thread of a reactor. */
        public record LwThread(String name, long id, String cpumask, long elapsed) {}
    }

    /** {@code thread_get_stats}. */
    public record ThreadStats(long tickRate, List<StatsOfThread> threads) {
        /** One thread. */
        public record StatsOfThread(
                String name,
                long id,
                String cpumask,
                long busy,
                long idle,
                int activePollersCount,
                int timedPollersCount,
                int pausedPollersCount) {}
    }

    /** {@code thread_get_pollers}. */
    public record ThreadPollers(long tickRate, List<PollersOfThread> threads) {
        /** One thread. */
        public record PollersOfThread(
                String name,
                long id,
                List<Poller> activePollers,
                List<Poller> timedPollers,
                List<Poller> pausedPollers) {}

        /** One poller; {@code periodTicks} is 0 for one of every pass. */
        public record Poller(String name, int id, String state, long runCount, long busyCount, long periodTicks) {}
    }

    /** A subsystem and what comes before it. */
    public record Subsystem(String subsystem, List<String> dependsOn) {}

    /** {@code rpc_get_methods}: what may be called at any time. */
    public List<String> rpcGetMethods() throws SpdkException {
        return rpcGetMethods(false, false);
    }

    /** {@code rpc_get_methods}. */
    public List<String> rpcGetMethods(boolean current, boolean includeAliases) throws SpdkException {
        JsonNode names = client.call("rpc_get_methods", Map.of("current", current, "include_aliases", includeAliases));
        return names.valueStream().map(JsonNode::asString).toList();
    }

    /** {@code spdk_get_version}. */
    public Version spdkGetVersion() throws SpdkException {
        return client.call("spdk_get_version", null, Version.class);
    }

    /** {@code spdk_kill_instance}. */
    public void spdkKillInstance(KillSignal signal) throws SpdkException {
        JsonNode _ = client.call("spdk_kill_instance", Map.of("sig_name", signal));
    }

    /** {@code framework_start_init}. */
    public void frameworkStartInit() throws SpdkException {
        JsonNode _ = client.call("framework_start_init");
    }

    /** {@code framework_wait_init}: returns when the application is initialised. */
    public void frameworkWaitInit() throws SpdkException {
        JsonNode _ = client.call("framework_wait_init");
    }

    /** {@code framework_get_reactors}. */
    public Reactors frameworkGetReactors() throws SpdkException {
        return client.call("framework_get_reactors", null, Reactors.class);
    }

    /** {@code framework_get_subsystems}, in the order of initialisation. */
    public List<Subsystem> frameworkGetSubsystems() throws SpdkException {
        return client.callForList("framework_get_subsystems", null, Subsystem.class);
    }

    /** {@code framework_get_config}: the calls that restore a subsystem; JSON's null if it cannot say. */
    public JsonNode frameworkGetConfig(String subsystem) throws SpdkException {
        return client.call("framework_get_config", Map.of("name", subsystem));
    }

    /** {@code thread_get_stats}. */
    public ThreadStats threadGetStats() throws SpdkException {
        return client.call("thread_get_stats", null, ThreadStats.class);
    }

    /** {@code thread_get_pollers}. */
    public ThreadPollers threadGetPollers() throws SpdkException {
        return client.call("thread_get_pollers", null, ThreadPollers.class);
    }

    /** {@code thread_get_io_channels}, as the server's JSON. */
    public JsonNode threadGetIoChannels() throws SpdkException {
        return client.call("thread_get_io_channels");
    }

    // ---- configuration --------------------------------------------------------------------------------------------

    /** The configuration of the whole application, as {@code rpc.py save_config} prints it. Works with SPDK too. */
    public ObjectNode saveConfig() throws SpdkException {
        ObjectNode root = Json.NODES.objectNode();
        ArrayNode all = root.putArray("subsystems");
        for (Subsystem s : frameworkGetSubsystems()) {
            ObjectNode one = all.addObject().put("subsystem", s.subsystem());
            one.set("config", frameworkGetConfig(s.subsystem()));
        }
        return root;
    }

    /** What {@code load_config} did. */
    public record Loaded(int called, int skipped, List<String> errors) {}

    /** {@code load_config}: replays a configuration in the server. Not a method of SPDK's servers. */
    public Loaded loadConfig(JsonNode config) throws SpdkException {
        return client.call("load_config", config, Loaded.class);
    }

    // ---- logging --------------------------------------------------------------------------------------------------

    /** {@code log_get_level}. */
    public LogLevel logGetLevel() throws SpdkException {
        return logLevel("log_get_level");
    }

    /** {@code log_get_print_level}. */
    public LogLevel logGetPrintLevel() throws SpdkException {
        return logLevel("log_get_print_level");
    }

    private LogLevel logLevel(String method) throws SpdkException {
        String name = client.call(method).asString();
        for (LogLevel l : LogLevel.values()) {
            if (l.name().equals(name)) {
                return l;
            }
        }
        throw new SpdkException(0, "the reply of " + method + " is not what was expected: level " + name);
    }

    /** {@code log_set_level}. */
    public void logSetLevel(LogLevel level) throws SpdkException {
        JsonNode _ = client.call("log_set_level", Map.of("level", level));
    }

    /** {@code log_set_print_level}. */
    public void logSetPrintLevel(LogLevel level) throws SpdkException {
        JsonNode _ = client.call("log_set_print_level", Map.of("level", level));
    }

    /** {@code log_set_flag}; {@code all} sets every flag. */
    public void logSetFlag(String flag) throws SpdkException {
        JsonNode _ = client.call("log_set_flag", Map.of("flag", flag));
    }

    /** {@code log_clear_flag}. */
    public void logClearFlag(String flag) throws SpdkException {
        JsonNode _ = client.call("log_clear_flag", Map.of("flag", flag));
    }

    // ---- bdevs ----------------------------------------------------------------------------------------------------

    /** One bdev, as {@code bdev_get_bdevs} describes it. */
    public record Bdev(
            String name,
            List<String> aliases,
            String productName,
            int blockSize,
            long numBlocks,
            Optional<UUID> uuid,
            boolean claimed,
            boolean zoned,
            Map<String, Boolean> supportedIoTypes,
            Optional<ObjectNode> driverSpecific) {}

    /** {@code bdev_get_iostat}. Latencies are sums in ticks, of which a second has {@code tickRate}. */
    public record Iostat(long tickRate, long ticks, List<Stat> bdevs) {
        /** The counters of one bdev. */
        public record Stat(
                String name,
                long bytesRead,
                long numReadOps,
                long bytesWritten,
                long numWriteOps,
                long bytesUnmapped,
                long numUnmapOps,
                long readLatencyTicks,
                long maxReadLatencyTicks,
                long minReadLatencyTicks,
                long writeLatencyTicks,
                long maxWriteLatencyTicks,
                long minWriteLatencyTicks,
                long unmapLatencyTicks) {}
    }

    /** Parameters of {@code bdev_malloc_create}; the server chooses a name if there is none. */
    public record MallocCreate(Optional<String> name, long numBlocks, int blockSize, Optional<UUID> uuid) {
        /** A named one. */
        public MallocCreate(String name, long numBlocks, int blockSize) {
            this(Optional.of(name), numBlocks, blockSize, Optional.empty());
        }
    }

    /** Parameters of {@code bdev_null_create}. */
    public record NullCreate(String name, long numBlocks, int blockSize, Optional<UUID> uuid) {
        /** One whose UUID the server chooses. */
        public NullCreate(String name, long numBlocks, int blockSize) {
            this(name, numBlocks, blockSize, Optional.empty());
        }
    }

    /** Parameters of {@code bdev_aio_create}; the file says what the block size is if it is a device. */
    public record AioCreate(
            String name, String filename, OptionalInt blockSize, Optional<Boolean> readonly, Optional<UUID> uuid) {
        /** One with a block size. */
        public AioCreate(String name, String filename, int blockSize) {
            this(name, filename, OptionalInt.of(blockSize), Optional.empty(), Optional.empty());
        }
    }

    /** Parameters of {@code bdev_uring_create}; the file says what the block size is if it is a device. */
    public record UringCreate(String name, String filename, OptionalInt blockSize, Optional<UUID> uuid) {
        /** One with a block size. */
        public UringCreate(String name, String filename, int blockSize) {
            this(name, filename, OptionalInt.of(blockSize), Optional.empty());
        }
    }

    /** {@code bdev_get_bdevs}: all of them. */
    public List<Bdev> bdevGetBdevs() throws SpdkException {
        return client.callForList("bdev_get_bdevs", null, Bdev.class);
    }

    /** {@code bdev_get_bdevs}: the one of that name, alias or UUID. */
    public Bdev bdevGetBdevs(String name) throws SpdkException {
        List<Bdev> found = client.callForList("bdev_get_bdevs", Map.of("name", name), Bdev.class);
        if (found.size() != 1) {
            throw new SpdkException(0, "bdev_get_bdevs of " + name + " found " + found.size() + " bdevs");
        }
        return found.getFirst();
    }

    /** {@code bdev_get_iostat}: of all bdevs. */
    public Iostat bdevGetIostat() throws SpdkException {
        return client.call("bdev_get_iostat", null, Iostat.class);
    }

    /** {@code bdev_get_iostat}: of the named bdevs. */
    public Iostat bdevGetIostat(List<String> names) throws SpdkException {
        return client.call("bdev_get_iostat", Map.of("names", names), Iostat.class);
    }

    /** {@code bdev_reset_iostat}: of all bdevs. */
    public void bdevResetIostat() throws SpdkException {
        JsonNode _ = client.call("bdev_reset_iostat");
    }

    /** {@code bdev_reset_iostat}: of one bdev. */
    public void bdevResetIostat(String name) throws SpdkException {
        JsonNode _ = client.call("bdev_reset_iostat", Map.of("name", name));
    }

    /** {@code bdev_malloc_create}; returns the name. */
    public String bdevMallocCreate(MallocCreate params) throws SpdkException {
        return client.call("bdev_malloc_create", params).asString();
    }

    /** {@code bdev_malloc_delete}. */
    public void bdevMallocDelete(String name) throws SpdkException {
        delete("bdev_malloc_delete", name);
    }

    /** {@code bdev_null_create}; returns the name. */
    public String bdevNullCreate(NullCreate params) throws SpdkException {
        return client.call("bdev_null_create", params).asString();
    }

    /** {@code bdev_null_delete}. */
    public void bdevNullDelete(String name) throws SpdkException {
        delete("bdev_null_delete", name);
    }

    /** {@code bdev_aio_create}; returns the name. */
    public String bdevAioCreate(AioCreate params) throws SpdkException {
        return client.call("bdev_aio_create", params).asString();
    }

    /** {@code bdev_aio_delete}. */
    public void bdevAioDelete(String name) throws SpdkException {
        delete("bdev_aio_delete", name);
    }

    /** {@code bdev_uring_create}; returns the name. */
    public String bdevUringCreate(UringCreate params) throws SpdkException {
        return client.call("bdev_uring_create", params).asString();
    }

    /** {@code bdev_uring_delete}. */
    public void bdevUringDelete(String name) throws SpdkException {
        delete("bdev_uring_delete", name);
    }

    private void delete(String method, String name) throws SpdkException {
        JsonNode _ = client.call(method, Map.of("name", name));
    }
}
