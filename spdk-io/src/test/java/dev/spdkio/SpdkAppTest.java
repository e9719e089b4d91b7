// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.runtime.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

@Timeout(60)
class SpdkAppTest {
    private static final String MALLOC = """
            {"subsystems": [{"subsystem": "bdev", "config": [
                {"method": "bdev_set_options", "params": {"bdev_io_pool_size": 1000, "bdev_auto_examine": false}},
                {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 1024, "block_size": 512}}
            ]}]}
            """;

    @TempDir
    Path dir;

    private static SpdkApp.Builder app(String name) {
        return SpdkApp.builder().name(name).memorySize(64 << 20);
    }

    private static ObjectNode params() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** Threads that were told to end need a moment after their last act. */
    private static void assertNoThreadsOf(String app) throws InterruptedException {
        for (Thread t : Thread.getAllStackTraces().keySet()) {
            if (t.getName().startsWith(app)) {
                assertThat(t.join(Duration.ofSeconds(20))).as("%s has ended", t).isTrue();
            }
        }
    }

    @Test
    void configuresDevicesAndDoesIo() throws Exception {
        try (SpdkApp app = app("io").configJson(MALLOC).start()) {
            assertThat(app.bdevs().bdevs()).extracting(Bdev::name).containsExactly("Malloc0");
            assertThat(app.bdevs().options().bdevIoPoolSize()).isEqualTo(1000);
            byte[] read = app.appThread()
                    .spawn("io", () -> {
                        BdevDesc desc = Task.call(() -> app.bdevs().open("Malloc0", OpenMode.READ_WRITE, (_, _) -> {}));
                        BdevChannel channel = Task.call(desc::openChannel);
                        byte[] bytes = new byte[512];
                        try (DmaBuf buf = app.dmaPool().allocate(512)) {
                            buf.fill((byte) 7);
                            channel.write(buf, 1024);
                            buf.fill((byte) 0);
                            channel.read(buf, 1024);
                            buf.copyTo(bytes);
                        }
                        channel.close();
                        desc.close();
                        return bytes;
                    })
                    .join();
            assertThat(read).containsOnly(7);
            Bdev bdev = app.bdevs().bdevs().getFirst();
            assertThat(bdev.stats().get().read().ops()).isEqualTo(1);
            assertThat(bdev.stats().get().write().bytes()).isEqualTo(512);
        }
    }

    @Test
    void startsAndStopsAgainAndAgain() throws Exception {
        for (int i = 0; i < 5; i++) {
            SpdkApp app = app("again").configJson(MALLOC).rpc().start();
            Path socket = app.rpcAddress();
            assertThat(socket).exists();
            app.stop(i);
            assertThat(app.awaitStop()).isEqualTo(i);
            assertThat(socket).doesNotExist();
        }
        assertNoThreadsOf("again");
    }

    @Test
    void twoLiveSideBySide() throws Exception {
        try (SpdkApp a = app("twin").configJson(MALLOC).rpc().start();
                SpdkApp b = app("twin").configJson(MALLOC).rpc().start()) {
            assertThat(a.rpcAddress()).isNotEqualTo(b.rpcAddress());
            assertThat(a.bdevs().lookup("Malloc0")).isNotSameAs(b.bdevs().lookup("Malloc0"));
        }
    }

    @Test
    void runCallsMainOnTheAppThreadAndReturnsTheCode() throws Exception {
        int rc = app("run").run(app -> {
            assertThat(app.appThread().isCurrent()).isTrue();
            app.stop(7);
            app.stop(3);
        });
        assertThat(rc).isEqualTo(7);
    }

    @Test
    void mainThatThrowsEndsWithCodeOne() throws Exception {
        assertThat(app("broken").run(_ -> {
                    throw new IllegalStateException("expected by the test");
                }))
                .isEqualTo(1);
    }

    @Test
    void awaitingOnAReactorIsRefused() throws Exception {
        try (SpdkApp app = app("await").start()) {
            assertThatThrownBy(() -> app.call(app::awaitStop).join()).hasMessageContaining("call stop(rc) and return");
        }
    }

    @Test
    void brokenConfigurationsNameThePlaceAndLeaveNothingBehind() throws Exception {
        Path file = Files.writeString(dir.resolve("broken.json"), MALLOC.replace("1024,", "0,"));
        assertThatThrownBy(() -> app("config").config(file).start())
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining("broken.json")
                .hasMessageContaining("subsystems[0].config[1]")
                .hasMessageContaining("0 blocks");
        assertThatThrownBy(() -> app("config").config(dir.resolve("none.json")).start())
                .hasMessageContaining("none.json does not exist");
        assertThatThrownBy(() -> app("config").config(file).configJson(MALLOC).start())
                .hasMessageContaining("give one");
        assertNoThreadsOf("config");
    }

    @Test
    void devicesComeAndGoByRpcAndTheSavedConfigurationBringsThemBack() throws Exception {
        JsonNode saved;
        try (SpdkApp app = app("rpc").rpc().start();
                RpcClient client = RpcClient.connect(app.rpcAddress())) {
            assertThat(client.call(
                                    "bdev_malloc_create",
                                    params().put("num_blocks", 64).put("block_size", 4096))
                            .stringValue())
                    .isEqualTo("Malloc0");
            client.call(
                    "bdev_null_create",
                    params().put("name", "Null0").put("num_blocks", 64).put("block_size", 512));
            JsonNode bdevs = client.call("bdev_get_bdevs", null);
            assertThat(bdevs).hasSize(2);
            JsonNode types = bdevs.get(0).get("supported_io_types");
            assertThat(types.propertyNames())
                    .startsWith("read", "write", "unmap", "flush", "reset", "nvme_admin")
                    .endsWith("seek_data", "copy", "nvme_iov_md", "nvme_nssr", "write_uncorrectable")
                    .hasSize(22);
            assertThat(types.propertyStream()
                            .filter(type -> type.getValue().booleanValue())
                            .map(Map.Entry::getKey))
                    .containsExactly(
                            "read",
                            "write",
                            "unmap",
                            "flush",
                            "reset",
                            "write_zeroes",
                            "zcopy",
                            "compare",
                            "abort",
                            "copy");
            assertThatThrownBy(() -> client.call(
                            "bdev_null_create",
                            params().put("name", "Null0").put("num_blocks", 64).put("block_size", 512)))
                    .isInstanceOfSatisfying(
                            RpcException.class, e -> assertThat(e.code()).isEqualTo(-17));
            assertThatThrownBy(() -> client.call("bdev_null_delete", params().put("name", "Malloc0")))
                    .hasMessageContaining("is a Malloc disk, not a Null disk");
            assertThatThrownBy(() -> client.call("bdev_get_bdevs", params().put("name", "Nope")))
                    .isInstanceOfSatisfying(
                            RpcException.class, e -> assertThat(e.code()).isEqualTo(-19));
            assertThatThrownBy(() -> client.call(
                            "bdev_malloc_create",
                            params().put("num_blocks", 64)
                                    .put("block_size", 512)
                                    .put("md_size", 8)))
                    .hasMessageContaining("'md_size' is 8");
            assertThat(client.call("bdev_null_delete", params().put("name", "Null0"))
                            .booleanValue())
                    .isTrue();
            assertThat(client.call("bdev_get_bdevs", null)).hasSize(1);
            JsonNode iostat = client.call("bdev_get_iostat", params().put("name", "Malloc0"));
            assertThat(iostat.get("tick_rate").longValue()).isEqualTo(1_000_000_000L);
            assertThat(iostat.get("bdevs").get(0).get("num_write_ops").longValue())
                    .isZero();
            saved = client.call("save_config", null);
        }
        try (SpdkApp app = app("reload").configJson(saved.toString()).rpc().start();
                RpcClient client = RpcClient.connect(app.rpcAddress())) {
            assertThat(app.bdevs().lookup("Malloc0").sizeBytes()).isEqualTo(64 * 4096);
            assertThat(client.call("save_config", null)).isEqualTo(saved);
        }
    }

    @Test
    void tellsOfDevicesThatComeAndGo() throws Exception {
        try (SpdkApp app = app("watch").configJson(MALLOC).start()) {
            CompletableFuture<Bdev> added = new CompletableFuture<>();
            CompletableFuture<Bdev> removed = new CompletableFuture<>();
            try (var _ = app.onBdevAdded(added::complete);
                    var _ = app.onBdevRemoved(removed::complete)) {
                assertThat(added.get(20, TimeUnit.SECONDS).name()).isEqualTo("Malloc0");
                app.bdevs().unregister("Malloc0").get(20, TimeUnit.SECONDS);
                assertThat(removed.get(20, TimeUnit.SECONDS).name()).isEqualTo("Malloc0");
            }
        }
    }

    @Test
    void waitsForRpcBeforeDevicesAreMade() throws Exception {
        try (SpdkApp app = app("wait").configJson(MALLOC).rpc().waitForRpc().start();
                RpcClient client = RpcClient.connect(app.rpcAddress())) {
            assertThatThrownBy(() -> client.call("bdev_get_bdevs", null)).hasMessageContaining("framework_start_init");
            assertThat(client.call("framework_start_init", null).booleanValue()).isTrue();
            assertThat(client.call("bdev_get_bdevs", null)).isNotNull();
        }
        assertThatThrownBy(() -> app("wait").waitForRpc().start()).hasMessageContaining("add rpc()");
    }

    @Test
    void killInstanceEndsItInOrder() throws Exception {
        SpdkApp app = app("kill").rpc().start();
        try (RpcClient client = RpcClient.connect(app.rpcAddress())) {
            assertThat(client.call("spdk_kill_instance", params().put("sig_name", "SIGTERM"))
                            .booleanValue())
                    .isTrue();
        }
        assertThat(app.awaitStop()).isZero();
    }

    @Test
    void theEndRunsHooksThenTellsUsersThenRemovesDevices() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        SpdkApp app = app("order").configJson(MALLOC).start();
        CompletableFuture<BdevDesc> opened = app.call(() -> {
            BdevDesc[] desc = new BdevDesc[1];
            desc[0] = app.bdevs().open("Malloc0", OpenMode.READ_ONLY, (event, _) -> {
                if (event == BdevEvent.REMOVED) {
                    order.add("removed");
                    desc[0].close();
                }
            });
            return desc[0];
        });
        assertThat(opened.get().isClosed()).isFalse();
        app.onShutdown(() -> order.add("first hook"));
        app.onShutdown(() -> order.add("second hook"));
        app.onShutdown(() -> {
            throw new IllegalStateException("expected by the test");
        });
        app.stop(0);
        app.awaitStop();
        assertThat(order).containsExactly("second hook", "first hook", "removed");
        assertThat(opened.get().isClosed()).isTrue();
    }

    @Test
    void aUserThatDoesNotCloseCannotHoldTheEndForEver() throws Exception {
        SpdkApp app = app("held")
                .configJson(MALLOC)
                .shutdownTimeout(Duration.ofMillis(200))
                .start();
        app.call(() -> app.bdevs().open("Malloc0", OpenMode.READ_ONLY, (_, _) -> {}))
                .get();
        app.stop(0);
        CountDownLatch ended = new CountDownLatch(1);
        Thread.ofPlatform().start(() -> {
            app.awaitStop();
            ended.countDown();
        });
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
