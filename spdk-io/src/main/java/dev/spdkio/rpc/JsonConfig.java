// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A configuration in SPDK's format, read and checked, ready to be replayed:
 *
 * <pre>{@code
 * {"subsystems": [
 *   {"subsystem": "bdev", "config": [
 *     {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 1024, "block_size": 512}}
 *   ]}
 * ]}
 * }</pre>
 *
 * <p>Stands for {@code lib/init/json_config.c}, but without its detour over a temporary socket. Comments are allowed;
 * members of the root other than {@code subsystems} are ignored; an array in {@code config} is a batch, whose calls
 * are made in order. A subsystem of SPDK that is not part of this application is passed over with a notice, so that
 * configurations can be shared, and so are options of SPDK's modules that are not; one that nobody knows is an error.
 *
 * <p>Immutable; any thread.
 */
public final class JsonConfig {
    private static final Logger LOG = System.getLogger(JsonConfig.class.getName());
    private static final int ENOENT = 2;

    /** What exists in SPDK, now or in older releases: their configuration is not a mistake, only not ours. */
    static final Set<String> SPDK_SUBSYSTEMS = Set.of(
            "accel",
            "bdev",
            "copy",
            "fsdev",
            "interface",
            "iobuf",
            "iscsi",
            "keyring",
            "nbd",
            "net",
            "net_framework",
            "nvmf",
            "scheduler",
            "scsi",
            "sock",
            "ublk",
            "vfio_user_target",
            "vfu_tgt",
            "vhost",
            "vhost_blk",
            "vhost_scsi",
            "vmd");

    /** Options of SPDK's modules, which it saves whether there are devices of them or not. */
    static final Set<String> SPDK_OPTIONS = Set.of(
            "accel_set_options",
            "bdev_iscsi_set_options",
            "bdev_nvme_set_hotplug",
            "bdev_nvme_set_options",
            "bdev_raid_set_options",
            "bdev_virtio_blk_set_hotplug");

    /**
     * How to replay.
     *
     * @param ignoreErrors go on after a method that fails or does not exist
     * @param initialise brings the application from {@link RpcState#STARTUP} to {@link RpcState#RUNTIME} between the
     *     methods of the one and the other; null to stop before
     */
    public record Options(boolean ignoreErrors, @Nullable Supplier<CompletionStage<?>> initialise) {}

    /**
     * What a replay did.
     *
     * @param called methods that succeeded
     * @param skipped methods that were not called: subsystems that this application lacks, or too late in its life
     * @param errors what failed, if errors are ignored
     */
    public record Report(int called, int skipped, List<String> errors) {}

    /** One call; {@code path} is its place in the tree. */
    record Call(String subsystem, String method, @Nullable JsonNode params, String path) {}

    private final ConfigText text;
    private final List<Call> calls = new ArrayList<>();

    private JsonConfig(ConfigText text) throws ConfigException {
        this.text = text;
        readRoot(text.root());
    }

    /**
     * Reads a file.
     *
     * @throws ConfigException naming file, line, column and JSON path of what is wrong
     */
    public static JsonConfig read(Path file) throws IOException {
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > ConfigText.MAX_CHARS) {
                throw new SpdkException(
                        0, "configuration " + file + " has " + size + " bytes, allowed are " + ConfigText.MAX_CHARS);
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new SpdkException(ENOENT, "configuration " + file + " does not exist: check the path", e);
        }
        String content;
        try {
            content = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ConfigException(file.toString(), ConfigText.Place.NONE, "", "not UTF-8: save it as UTF-8", e);
        }
        return parse(file.toString(), content);
    }

    /**
     * Reads a text.
     *
     * @param source what messages call it
     * @throws ConfigException naming source, line, column and JSON path of what is wrong
     */
    public static JsonConfig parse(String source, String content) throws ConfigException {
        return new JsonConfig(ConfigText.parse(source, content));
    }

    /**
     * Takes a tree.
     *
     * @param source what messages call it
     * @throws ConfigException naming source and JSON path of what is wrong
     */
    public static JsonConfig of(String source, JsonNode tree) throws ConfigException {
        return new JsonConfig(ConfigText.of(source, tree));
    }

    /** It as JSON text, without comments. */
    public String toJson() {
        return text.root().toString();
    }

    /** The calls it consists of, batches dissolved. */
    public List<MethodCall> calls() {
        return calls.stream().map(c -> new MethodCall(c.method(), c.params())).toList();
    }

    /**
     * Makes the calls, on the app thread, one after the other: first those that are allowed in
     * {@link RpcState#STARTUP}, then initialises, then makes the others. In an application that runs already all
     * calls are made at once, and those that would have come too late are passed over.
     *
     * <p>Unknown subsystems and methods are found before anything is called.
     *
     * @param appThread runs what it is given on the thread of the methods
     * @return completes on the app thread, with a {@link ConfigException} for the first call that failed
     */
    public CompletableFuture<Report> load(
            RpcRegistry registry, Subsystems subsystems, Executor appThread, Options options) {
        ConfigReplay replay = new ConfigReplay(text, List.copyOf(calls), registry, subsystems, appThread, options);
        appThread.execute(replay::start);
        return replay.report();
    }

    private void readRoot(JsonNode root) throws ConfigException {
        if (!root.isObject()) {
            throw text.at("", "is " + ValueReader.describe(root) + ": expected an object {\"subsystems\": [...]}");
        }
        JsonNode subsystems = root.get("subsystems");
        if (subsystems == null) {
            LOG.log(
                    Level.WARNING,
                    "{0}: there is no ''subsystems'' in the configuration, nothing will be done",
                    text.source());
            return;
        }
        array(subsystems, "subsystems");
        for (int i = 0; i < subsystems.size(); i++) {
            readSubsystem(subsystems.get(i), "subsystems[" + i + "]");
        }
    }

    private void readSubsystem(JsonNode node, String path) throws ConfigException {
        object(node, path, Set.of("subsystem", "config"), "{\"subsystem\": \"bdev\", \"config\": [...]}");
        String name = string(node, path, "subsystem");
        JsonNode config = node.get("config");
        String configPath = path + ".config";
        if (config == null) {
            throw text.at(path, "'config' is missing: expected an array, or null for none");
        }
        if (config.isNull()) {
            return;
        }
        array(config, configPath);
        for (int i = 0; i < config.size(); i++) {
            readEntry(name, config.get(i), configPath + "[" + i + "]", true);
        }
    }

    private void readEntry(String subsystem, JsonNode node, String path, boolean batchAllowed) throws ConfigException {
        if (node.isArray() && batchAllowed) {
            for (int i = 0; i < node.size(); i++) {
                readEntry(subsystem, node.get(i), path + "[" + i + "]", false);
            }
            return;
        }
        object(node, path, Set.of("method", "params"), "{\"method\": \"bdev_malloc_create\", \"params\": {...}}");
        String method = string(node, path, "method");
        JsonNode params = node.get("params");
        if (params != null && !params.isObject()) {
            throw text.at(
                    path + ".params", "is " + ValueReader.describe(params) + ": expected an object, or leave it out");
        }
        calls.add(new Call(subsystem, method, params, path));
    }

    private void array(JsonNode node, String path) throws ConfigException {
        if (!node.isArray()) {
            throw text.at(path, "is " + ValueReader.describe(node) + ": expected an array");
        }
    }

    private void object(JsonNode node, String path, Set<String> members, String example) throws ConfigException {
        if (!node.isObject()) {
            throw text.at(path, "is " + ValueReader.describe(node) + ": expected " + example);
        }
        for (String name : node.propertyNames()) {
            if (!members.contains(name)) {
                throw text.at(path + "." + name, "is unknown: expected " + example);
            }
        }
    }

    private String string(JsonNode node, String path, String member) throws ConfigException {
        JsonNode value = node.get(member);
        if (value == null) {
            throw text.at(path, "'" + member + "' is missing: expected a string");
        }
        if (!value.isString()) {
            throw text.at(path + "." + member, "is " + ValueReader.describe(value) + ": expected a string");
        }
        return value.stringValue();
    }
}
