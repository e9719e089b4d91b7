// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.ReactorStats;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadStats;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The methods about the application as a whole: {@code rpc_get_methods}, {@code spdk_*}, {@code framework_*}, and
 * {@code save_config} and {@code load_config}, which SPDK has in its client only.
 */
public final class FrameworkRpc {
    /** Ticks are nanoseconds here. */
    public static final long TICK_RATE = 1_000_000_000L;

    private static final Pattern VERSION = Pattern.compile("(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(.*)");

    private final RpcRegistry registry;
    private final SpdkRuntime runtime;
    private final SpdkThread appThread;
    private final AppControl control;
    private @Nullable CompletableFuture<Void> initialising;

    private FrameworkRpc(RpcRegistry registry, SpdkRuntime runtime, SpdkThread appThread, AppControl control) {
        this.registry = registry;
        this.runtime = runtime;
        this.appThread = appThread;
        this.control = control;
    }

    /** What it takes to begin and to leave {@link RpcState#STARTUP}; {@code framework_start_init} in Java. */
    public interface Starter {
        /** Initialises once; all callers get a stage that completes in {@link RpcState#RUNTIME}. On the app thread. */
        CompletionStage<Void> startInit();
    }

    /**
     * Registers the methods.
     *
     * @return the way to initialise an application that does not wait for {@code framework_start_init}, and the one
     *     to pass to {@link JsonConfig.Options}
     */
    public static Starter register(RpcRegistry registry, SpdkThread appThread, AppControl control) {
        FrameworkRpc f = new FrameworkRpc(registry, appThread.runtime(), appThread, control);
        registry.register(
                "rpc_get_methods",
                RpcState.ALWAYS,
                GetMethods.class,
                p -> registry.methods(
                        p.current().orElse(false), p.includeAliases().orElse(false)));
        registry.register("spdk_get_version", RpcState.ALWAYS, NoParams.class, _ -> version());
        registry.register("spdk_kill_instance", KillInstance.class, f::kill);
        registry.register(
                "framework_start_init",
                RpcState.ONLY_STARTUP,
                NoParams.class,
                _ -> f.startInit().thenApply(_ -> true));
        registry.register(
                "framework_wait_init",
                RpcState.ALWAYS,
                NoParams.class,
                _ -> registry.whenRuntime().thenApply(_ -> true));
        registry.register("framework_get_reactors", NoParams.class, _ -> f.reactors());
        return f::startInit;
    }

    /** Registers the methods about the configuration of {@code subsystems}. */
    public static void registerConfig(
            RpcRegistry registry, SpdkThread appThread, Subsystems subsystems, Starter starter) {
        registry.register("framework_get_subsystems", NoParams.class, _ -> list(subsystems));
        registry.register("framework_get_config", GetConfig.class, p -> config(subsystems, p));
        registry.register("save_config", NoParams.class, _ -> subsystems.save());
        registry.register(
                "load_config",
                RpcState.ALWAYS,
                request -> loadConfig(registry, appThread, subsystems, starter, request));
    }

    private record GetMethods(Optional<Boolean> current, Optional<Boolean> includeAliases) {}

    private record KillInstance(KillSignal sigName) {}

    private record GetConfig(String name, Optional<Boolean> withBatches) {}

    private record Version(String version, Fields fields) {}

    private record Fields(int major, int minor, int patch, String suffix) {}

    private record Reactors(long tickRate, long pid, List<ReactorInfo> reactors) {}

    private record ReactorInfo(
            int lcore,
            long tid,
            long busy,
            long idle,
            boolean inInterrupt,
            long irq,
            long sys,
            long usr,
            List<LwThread> lwThreads) {}

    private record LwThread(String name, long id, String cpumask, long elapsed) {}

    private record Subsystem(String subsystem, List<String> dependsOn) {}

    /** {@code spdk-io for Java v0.1.0}: the compiler writes the version into the module descriptor. */
    private static Version version() {
        ModuleDescriptor self = FrameworkRpc.class.getModule().getDescriptor();
        String raw = self == null ? "0.0.0-unknown" : self.rawVersion().orElse("0.0.0-unknown");
        return version(raw);
    }

    private static Version version(String raw) {
        Matcher m = VERSION.matcher(raw);
        Fields fields = m.matches()
                ? new Fields(number(m.group(1)), number(m.group(2)), number(m.group(3)), m.group(4))
                : new Fields(0, 0, 0, raw);
        return new Version("spdk-io for Java v" + raw, fields);
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private boolean kill(KillInstance p) {
        // A message: by the time it runs the reply has been sent.
        appThread.sendInternal(() -> control.signal(p.sigName()));
        return true;
    }

    private CompletionStage<Void> startInit() {
        appThread.checkCurrent("initialising the application");
        CompletableFuture<Void> running = initialising;
        if (running == null) {
            running = new CompletableFuture<>();
            initialising = running;
            CompletableFuture<Void> done = running;
            CompletionStage<?> _ = control.initialise()
                    .whenComplete((_, failure) -> appThread.execute(() -> {
                        if (failure == null) {
                            registry.setState(RpcState.RUNTIME);
                            done.complete(null);
                        } else {
                            initialising = null; // it may be tried again
                            done.completeExceptionally(failure);
                        }
                    }));
        }
        return running.minimalCompletionStage();
    }

    /** Busy and idle times are sums of the reactors; {@code elapsed} is the time for which a thread has been polled. */
    private Reactors reactors() {
        List<ReactorInfo> all =
                runtime.reactors().stream().map(FrameworkRpc::reactor).toList();
        return new Reactors(TICK_RATE, ProcessHandle.current().pid(), all);
    }

    /** Like SPDK it says 0 where the share of the operating system (irq, sys, usr) and the tid are not known. */
    private static ReactorInfo reactor(Reactor r) {
        ReactorStats s = r.stats();
        List<LwThread> threads =
                r.threads().stream().map(FrameworkRpc::lwThread).toList();
        return new ReactorInfo(r.core(), 0, s.busyNanos(), s.idleNanos(), false, 0, 0, 0, threads);
    }

    private static LwThread lwThread(SpdkThread t) {
        ThreadStats s = t.stats();
        return new LwThread(t.name(), t.id(), mask(t.cpuMask()), s.busyNanos() + s.idleNanos());
    }

    /** A mask as SPDK prints it: hexadecimal digits. */
    static String mask(CpuSet cpus) {
        return cpus.toMaskDigits();
    }

    private static List<Subsystem> list(Subsystems subsystems) {
        return subsystems.names().stream()
                .map(n -> new Subsystem(n, subsystems.dependsOn(n)))
                .toList();
    }

    private static JsonNode config(Subsystems subsystems, GetConfig p) throws RpcException {
        if (!subsystems.contains(p.name())) {
            throw RpcException.invalidParams(
                    "Subsystem '" + p.name() + "' not found: known are " + String.join(", ", subsystems.names()));
        }
        return subsystems.config(p.name());
    }

    private static CompletionStage<JsonConfig.Report> loadConfig(
            RpcRegistry registry, SpdkThread appThread, Subsystems subsystems, Starter starter, RpcRequest request)
            throws IOException {
        JsonNode params = Objects.requireNonNullElse(request.params(), Json.NODES.nullNode());
        boolean ignoreErrors = false;
        if (params instanceof ObjectNode object && object.has("ignore_errors")) {
            if (!object.get("ignore_errors").isBoolean()) {
                throw RpcException.invalidParam(
                        "ignore_errors",
                        "is " + ValueReader.describe(object.get("ignore_errors")) + ": expected true or false");
            }
            ignoreErrors = object.get("ignore_errors").booleanValue();
        }
        JsonConfig.Options options = new JsonConfig.Options(ignoreErrors, starter::startInit);
        return JsonConfig.of("load_config", params).load(registry, subsystems, appThread::execute, options);
    }
}
