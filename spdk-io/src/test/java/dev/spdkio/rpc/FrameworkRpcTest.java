// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static dev.spdkio.rpc.ServerHarness.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The methods that need no device, on a simulated runtime. */
class FrameworkRpcTest {
    private final SimulatedRuntime runtime = SimulatedRuntime.create(2, 1);
    private final SpdkThread app = runtime.createThread("app_thread");
    private final RpcRegistry registry = new RpcRegistry();
    private final Subsystems subsystems = new Subsystems();
    private final List<KillSignal> signals = new ArrayList<>();
    private CompletableFuture<Void> initialised = new CompletableFuture<>();

    @BeforeEach
    void register() {
        FrameworkRpc.Starter starter = FrameworkRpc.register(registry, app, new AppControl() {
            @Override
            public CompletionStage<?> initialise() {
                return initialised;
            }

            @Override
            public void signal(KillSignal signal) {
                signals.add(signal);
            }
        });
        FrameworkRpc.registerConfig(registry, app, subsystems, starter);
        ThreadRpc.register(registry, runtime);
    }

    @AfterEach
    void close() {
        runtime.close();
    }

    private CompletableFuture<CompletableFuture<JsonNode>> start(String method, String params) {
        return app.call(() -> registry.call(method, params.isEmpty() ? null : json(params)));
    }

    private JsonNode call(String method, String params) {
        return runtime.await(runtime.await(start(method, params)));
    }

    private RpcException error(String method, String params) {
        CompletableFuture<JsonNode> f = runtime.await(start(method, params));
        assertThat(f.isCompletedExceptionally()).as("%s", f).isTrue();
        return (RpcException) f.exceptionNow();
    }

    private void run() {
        initialised.complete(null);
        assertThat(call("framework_start_init", "").booleanValue()).isTrue();
    }

    @Test
    void listsMethodsByState() {
        registry.registerDeprecatedAlias("spdk_get_version", "get_spdk_version");

        assertThat(call("rpc_get_methods", "").toString())
                .contains("\"framework_start_init\"", "\"thread_get_stats\"")
                .doesNotContain("get_spdk_version");
        assertThat(call("rpc_get_methods", "{'current':true}").toString())
                .contains("framework_start_init")
                .doesNotContain("thread_get_stats");
        assertThat(call("rpc_get_methods", "{'include_aliases':true}").toString())
                .contains("get_spdk_version");
        run();
        assertThat(call("rpc_get_methods", "{'current':true}").toString())
                .contains("thread_get_stats")
                .doesNotContain("framework_start_init");
    }

    @Test
    void tellsTheVersion() {
        JsonNode v = call("spdk_get_version", "");

        assertThat(v.get("version").stringValue()).startsWith("spdk-io for Java v");
        assertThat(v.get("fields").propertyNames()).containsExactly("major", "minor", "patch", "suffix");
        assertThat(error("spdk_get_version", "{'a':1}").code()).isEqualTo(-32602);
    }

    @Test
    void initialisesOnceAndWakesWhoWaits() {
        CompletableFuture<JsonNode> waiting = runtime.await(start("framework_wait_init", ""));
        CompletableFuture<JsonNode> first = runtime.await(start("framework_start_init", ""));
        CompletableFuture<JsonNode> second = runtime.await(start("framework_start_init", ""));
        assertThat(waiting).isNotDone();
        assertThat(error("thread_get_stats", "").code()).isEqualTo(-1);
        assertThat(error("thread_get_stats", ""))
                .hasMessage("Method may only be called after framework is initialized using framework_start_init RPC.");

        initialised.complete(null);

        assertThat(runtime.await(first).booleanValue()).isTrue();
        assertThat(runtime.await(second).booleanValue()).isTrue();
        assertThat(runtime.await(waiting).booleanValue()).isTrue();
        assertThat(error("framework_start_init", "").code()).isEqualTo(-1);
    }

    @Test
    void aFailedInitialisationMayBeTriedAgain() {
        CompletableFuture<JsonNode> first = runtime.await(start("framework_start_init", ""));
        initialised.completeExceptionally(new dev.spdkio.error.SpdkException(12, "no memory"));
        runtime.runUntilIdle();
        assertThat(((RpcException) first.exceptionNow()).code()).isEqualTo(-12);

        initialised = new CompletableFuture<>();
        run();
    }

    @Test
    void describesReactorsAndThreads() {
        SpdkThread second = runtime.createThread("worker");
        run();

        JsonNode r = call("framework_get_reactors", "");
        assertThat(r.get("tick_rate").longValue()).isEqualTo(1_000_000_000L);
        assertThat(r.get("pid").longValue()).isEqualTo(ProcessHandle.current().pid());
        assertThat(r.get("reactors")).hasSize(2);
        assertThat(r.get("reactors").toString()).contains("\"lcore\":0", "\"lw_threads\":[{\"name\":\"app_thread\"");

        JsonNode t = call("thread_get_stats", "");
        assertThat(t.get("threads")).hasSize(2);
        JsonNode worker = t.get("threads").get(1);
        assertThat(worker.get("name").stringValue()).isEqualTo("worker");
        assertThat(worker.get("id").longValue()).isEqualTo(second.id());
        assertThat(worker.get("cpumask").stringValue()).isEqualTo("3");
        assertThat(worker.propertyNames())
                .containsExactly(
                        "name",
                        "id",
                        "cpumask",
                        "busy",
                        "idle",
                        "in_interrupt",
                        "active_pollers_count",
                        "timed_pollers_count",
                        "paused_pollers_count");
    }

    @Test
    void describesPollers() {
        run();
        runtime.await(app.call(() -> {
            app.poller("busy").body(() -> Poller.Result.BUSY).register();
            app.poller("slow")
                    .period(Duration.ofMillis(4))
                    .body(() -> Poller.Result.IDLE)
                    .register();
            app.poller("off").body(() -> Poller.Result.IDLE).register().pause();
            return 0;
        }));

        JsonNode t = call("thread_get_pollers", "").get("threads").get(0);

        assertThat(t.get("active_pollers").get(0).get("name").stringValue()).isEqualTo("busy");
        assertThat(t.get("active_pollers").get(0).has("period_ticks")).isFalse();
        assertThat(t.get("timed_pollers").get(0).get("period_ticks").longValue())
                .isEqualTo(4_000_000);
        assertThat(t.get("timed_pollers").get(0).get("state").stringValue()).isEqualTo("waiting");
        assertThat(t.get("paused_pollers").get(0).get("state").stringValue()).isEqualTo("paused");
    }

    @Test
    void describesChannels() {
        run();
        IoDevice<String> device = IoDevice.register(runtime, "Malloc0", _ -> "", _ -> {});
        List<IoChannel<String>> open = runtime.await(app.call(() -> List.of(device.channel(), device.channel())));

        assertThat(call("thread_get_io_channels", "").get("threads").get(0))
                .isEqualTo(json("{'name':'app_thread','io_channels':[{'name':'Malloc0','ref':2}]}"));
        runtime.await(app.call(() -> {
            open.forEach(IoChannel::close);
            return 0;
        }));
    }

    @Test
    void describesSubsystemsAndTheirConfiguration() {
        run();
        subsystems.add(source("accel", List.of(), List.of()));
        subsystems.add(source("bdev", List.of("accel"), List.of(new MethodCall("bdev_set_options", Map.of("a", 1)))));
        subsystems.add(source("bdev", List.of("sock"), List.of(new MethodCall("bdev_wait_for_examine"))));

        assertThat(call("framework_get_subsystems", ""))
                .isEqualTo(json("[{'subsystem':'accel','depends_on':[]},"
                        + "{'subsystem':'bdev','depends_on':['accel','sock']}]"));
        assertThat(call("framework_get_config", "{'name':'bdev','with_batches':false}"))
                .isEqualTo(json("[{'method':'bdev_set_options','params':{'a':1}},{'method':'bdev_wait_for_examine'}]"));
        assertThat(call("save_config", "").get("subsystems")).hasSize(2);
        assertThat(error("framework_get_config", "{'name':'nope'}"))
                .hasMessage("Subsystem 'nope' not found: known are accel, bdev");
    }

    private static ConfigSource source(String name, List<String> dependsOn, List<MethodCall> calls) {
        return new ConfigSource() {
            @Override
            public String subsystem() {
                return name;
            }

            @Override
            public List<String> dependsOn() {
                return dependsOn;
            }

            @Override
            public void write(List<MethodCall> out) {
                out.addAll(calls);
            }
        };
    }

    @Test
    void loadsAConfiguration() {
        List<String> made = new ArrayList<>();
        registry.register("make", ServerHarness.Add.class, p -> made.add("made " + p));
        initialised.complete(null);

        JsonNode report = call(
                "load_config",
                "{'subsystems':[{'subsystem':'bdev','config':[" + "{'method':'make','params':{'a':1,'b':2}}]}]}");

        assertThat(report).isEqualTo(json("{'called':1,'skipped':0,'errors':[]}"));
        assertThat(made).hasSize(1);
        assertThat(registry.state()).isEqualTo(RpcState.RUNTIME);
        CompletableFuture<JsonNode> bad = runtime.await(start(
                "load_config",
                "{'subsystems':[{'subsystem':'bdev','config':[{'method':'make','params':{'a':'1'}}]}]}"));
        runtime.runUntilIdle();
        assertThat(bad.exceptionNow())
                .hasMessage("load_config: subsystems[0].config[0].params.a: make: parameter 'a' is the string \"1\":"
                        + " expected an integer (code -32602)");
        assertThat(error("load_config", "{'ignore_errors':1}").code()).isEqualTo(-32602);
        assertThat(error("load_config", "").code()).isEqualTo(-22);
    }

    @Test
    void passesSignalsOnAfterTheReply() {
        run();

        assertThat(call("spdk_kill_instance", "{'sig_name':'SIGTERM'}").booleanValue())
                .isTrue();
        runtime.runUntilIdle();

        assertThat(signals).containsExactly(KillSignal.SIGTERM);
        assertThat(error("spdk_kill_instance", "{'sig_name':'SIGFPE'}"))
                .hasMessage("parameter 'sig_name' is the string \"SIGFPE\": expected one of SIGINT, SIGTERM, SIGQUIT,"
                        + " SIGHUP, SIGKILL, SIGUSR1");
    }
}
