// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The client against the server, on a real reactor. */
@Timeout(60)
class RpcClientTest {
    @TempDir
    Path directory;

    private SpdkRuntime runtime;
    private SpdkThread app;
    private RpcRegistry registry;
    private RpcServer server;
    private RpcClient client;
    private final LinkedBlockingQueue<KillSignal> signals = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<CompletableFuture<Object>> later = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws IOException {
        runtime = SpdkRuntime.builder().name("rpc").start();
        app = runtime.createThread("app_thread");
        registry = new RpcRegistry();
        Subsystems subsystems = new Subsystems();
        subsystems.add(new ConfigSource() {
            @Override
            public String subsystem() {
                return "bdev";
            }

            @Override
            public void write(List<MethodCall> out) {
                out.add(new MethodCall("add", new ServerHarness.Add(1, 2)));
            }
        });
        FrameworkRpc.Starter starter = FrameworkRpc.register(registry, app, new AppControl() {
            @Override
            public CompletionStage<?> initialise() {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void signal(KillSignal signal) {
                signals.add(signal);
            }
        });
        FrameworkRpc.registerConfig(registry, app, subsystems, starter);
        ThreadRpc.register(registry, runtime);
        registry.register("add", ServerHarness.Add.class, p -> {
            app.checkCurrent("a method");
            return p.a() + p.b();
        });
        registry.register("later", NoParams.class, _ -> {
            CompletableFuture<Object> f = new CompletableFuture<>();
            later.add(f);
            return f;
        });
        server = RpcServer.start(app, registry, RpcServerOptions.DEFAULT.withPath(directory.resolve("s")));
        client = RpcClient.connect(server.path());
    }

    @AfterEach
    void stop() {
        client.close();
        server.closeAsync().join();
        runtime.close();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void speaksToTheFramework() throws SpdkException {
        SpdkRpc rpc = new SpdkRpc(client);
        assertThat(rpc.rpcGetMethods(true, false))
                .contains("framework_start_init")
                .doesNotContain("add");
        rpc.frameworkStartInit();
        rpc.frameworkWaitInit();

        assertThat(rpc.rpcGetMethods()).contains("add");
        assertThat(rpc.spdkGetVersion().version()).startsWith("spdk-io");
        SpdkRpc.Reactors reactors = rpc.frameworkGetReactors();
        assertThat(reactors.tickRate()).isEqualTo(1_000_000_000L);
        assertThat(reactors.reactors().getFirst().lwThreads())
                .extracting(SpdkRpc.Reactors.LwThread::name)
                .contains("app_thread");
        assertThat(rpc.threadGetStats().threads().getFirst().timedPollersCount())
                .isEqualTo(1);
        assertThat(rpc.threadGetPollers().threads().getFirst().timedPollers())
                .extracting(SpdkRpc.ThreadPollers.Poller::name)
                .containsExactly("rpc_server");
        assertThat(rpc.threadGetIoChannels().get("threads")).hasSize(1);
        assertThat(rpc.frameworkGetSubsystems()).containsExactly(new SpdkRpc.Subsystem("bdev", List.of()));
        ObjectNode saved = rpc.saveConfig();
        assertThat(saved).isEqualTo(client.call("save_config"));
        assertThat(rpc.loadConfig(saved)).isEqualTo(new SpdkRpc.Loaded(1, 0, List.of()));
    }

    @Test
    void errorsCarryTheirCode() throws SpdkException {
        assertThatThrownBy(() -> client.call("nope"))
                .isInstanceOfSatisfying(
                        RpcException.class, e -> assertThat(e.code()).isEqualTo(-32601))
                .hasMessage("nope: Method not found");
        new SpdkRpc(client).frameworkStartInit();
        assertThatThrownBy(() -> client.call("add", Map.of("a", 1)))
                .isInstanceOfSatisfying(
                        RpcException.class, e -> assertThat(e.code()).isEqualTo(-32602))
                .hasMessage("add: parameter 'b' is missing: expected an integer");
    }

    @Test
    void manyThreadsShareOneClient() throws Exception {
        new SpdkRpc(client).frameworkStartInit();
        List<Thread> threads = new ArrayList<>();
        LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
        for (int t = 0; t < 100; t++) {
            int n = t;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 20; i++) {
                        assertThat(client.call("add", new ServerHarness.Add(n, i))
                                        .intValue())
                                .isEqualTo(n + i);
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread t : threads) {
            t.join();
        }
        assertThat(failures).isEmpty();
        // The statistics of a round are told when it ends: the next answer comes from a later one.
        client.call("add", new ServerHarness.Add(1, 1));
        assertThat(server.stats().requests()).isGreaterThanOrEqualTo(2000);
    }

    @Test
    void aSlowMethodDoesNotHoldUpOthers() throws Exception {
        new SpdkRpc(client).frameworkStartInit();
        CompletableFuture<JsonNode> slow = client.callAsync("later", null);
        assertThat(client.call("add", new ServerHarness.Add(1, 1)).intValue()).isEqualTo(2);

        later.take().complete("done");

        assertThat(slow.get().stringValue()).isEqualTo("done");
    }

    @Test
    void aTimeoutNamesTheMethodAndTheClientLivesOn() throws Exception {
        new SpdkRpc(client).frameworkStartInit();
        try (RpcClient impatient = RpcClient.connect(server.path(), Duration.ofMillis(50))) {
            assertThatThrownBy(() -> impatient.call("later"))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(110))
                    .hasMessageContaining("RPC later on " + server.path() + " took longer than PT0.05S: no reply came");
            later.take().complete("too late");
            assertThat(impatient.isOpen()).isTrue();
        }
    }

    @Test
    void aLostConnectionFailsWhatIsInProgress() throws Exception {
        new SpdkRpc(client).frameworkStartInit();
        CompletableFuture<JsonNode> pending = client.callAsync("later", null);
        later.take();

        server.closeAsync().join();

        assertThatThrownBy(pending::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(104))
                .hasMessageContaining("was closed by the other side");
        assertThat(client.isOpen()).isFalse();
        assertThatThrownBy(() -> client.call("add")).isInstanceOf(SpdkException.class);
    }

    @Test
    void nobodyThereIsExplained() {
        assertThatThrownBy(() -> RpcClient.connect(directory.resolve("none")))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(2))
                .hasMessageContaining(
                        "cannot connect to RPC socket " + directory.resolve("none") + ": it does not exist");
    }

    @Test
    void reactorsAreNoPlaceForAClient() {
        assertThatThrownBy(
                        () -> app.call(() -> RpcClient.connect(server.path())).join())
                .hasCauseInstanceOf(WrongThreadException.class);
    }

    @Test
    void killIsAnsweredBeforeItHappens() throws Exception {
        SpdkRpc rpc = new SpdkRpc(client);
        rpc.frameworkStartInit();

        rpc.spdkKillInstance(KillSignal.SIGINT);

        assertThat(signals.take()).isEqualTo(KillSignal.SIGINT);
    }

    @Test
    void aServerThatTalksNonsenseIsLeft() throws Exception {
        Path path = directory.resolve("f");
        try (ServerSocketChannel fake = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            fake.bind(UnixDomainSocketAddress.of(path));
            CountDownLatch called = new CountDownLatch(1);
            Thread talker = Thread.ofPlatform().start(() -> {
                try (SocketChannel c = fake.accept()) {
                    c.read(ByteBuffer.allocate(1000));
                    c.write(ByteBuffer.wrap("{]".getBytes(StandardCharsets.UTF_8)));
                    called.await();
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            try (RpcClient confused = RpcClient.connect(path)) {
                assertThatThrownBy(() -> confused.call("x"))
                        .isInstanceOf(SpdkException.class)
                        .hasMessageContaining("sent what is no JSON-RPC");
            }
            called.countDown();
            talker.join();
        }
        java.nio.file.Files.delete(path);
    }
}
