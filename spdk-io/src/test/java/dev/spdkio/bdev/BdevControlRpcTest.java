// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.rpc.RpcClient;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Limits, histograms and statistics by RPC, with SPDK's names and parameters, and in the saved configuration. */
@Timeout(60)
final class BdevControlRpcTest {
    private static final String MALLOC = """
            {"subsystems": [{"subsystem": "bdev", "config": [
                {"method": "bdev_malloc_create", "params": {"name": "M", "num_blocks": 1024, "block_size": 512}}
            ]}]}
            """;

    private SpdkApp app;
    private RpcClient client;

    @BeforeEach
    void start() throws Exception {
        app = SpdkApp.builder()
                .name("control")
                .memorySize(64 << 20)
                .configJson(MALLOC)
                .rpc()
                .start();
        client = RpcClient.connect(app.rpcAddress());
        client.call("bdev_wait_for_examine", null); // whose reads would be counted
    }

    @AfterEach
    void stop() {
        client.close();
        app.close();
    }

    private static ObjectNode params() {
        return JsonNodeFactory.instance.objectNode().put("name", "M");
    }

    private void read(int times) throws Exception {
        try (DmaBuf buf = app.dmaPool().allocate(512);
                BlockDevice device = BlockDevice.open(app.bdevs(), "M", OpenMode.READ_ONLY)) {
            for (int i = 0; i < times; i++) {
                device.read(buf, 0);
            }
        }
    }

    private static JsonNode callsIn(JsonNode saved) {
        return saved.at("/subsystems/0/config");
    }

    @Test
    void limitsAreSetOneByOneAndShownAndSaved() throws Exception {
        assertThatThrownBy(() -> client.call("bdev_set_qos_limit", params()))
                .hasMessageContaining("No rate limits specified");
        assertThat(client.call("bdev_set_qos_limit", params().put("rw_ios_per_sec", 20_000))
                        .booleanValue())
                .isTrue();
        client.call("bdev_set_qos_limit", params().put("r_mbytes_per_sec", 100).put("w_mbytes_per_sec", 50));
        assertThat(app.bdevs().lookup("M").qosLimits()).isEqualTo(new QosLimits(20_000, 0, 100, 50));
        JsonNode shown = client.call("bdev_get_bdevs", params()).get(0).get("assigned_rate_limits");
        assertThat(shown.get("rw_ios_per_sec").intValue()).isEqualTo(20_000);
        assertThat(shown.get("rw_mbytes_per_sec").intValue()).isZero();
        client.call("bdev_set_qos_limit", params().put("r_mbytes_per_sec", 0));
        assertThatThrownBy(() -> client.call("bdev_set_qos_limit", params().put("r_mbytes_per_sec", -1)))
                .hasMessageContaining("none may be negative");

        client.call("bdev_enable_histogram", params().put("enable", true).put("opc", "read"));
        JsonNode saved = client.call("save_config", null);
        assertThat(callsIn(saved).toString())
                .contains("{\"method\":\"bdev_set_qos_limit\",\"params\":"
                        + "{\"name\":\"M\",\"rw_ios_per_sec\":20000,\"w_mbytes_per_sec\":50}}")
                .contains("{\"method\":\"bdev_enable_histogram\",\"params\":"
                        + "{\"name\":\"M\",\"enable\":true,\"opc\":\"read\"}}");
        try (SpdkApp again = SpdkApp.builder()
                .name("again")
                .memorySize(64 << 20)
                .configJson(saved.toString())
                .start()) {
            Bdev bdev = again.bdevs().lookup("M");
            assertThat(bdev.qosLimits()).isEqualTo(new QosLimits(20_000, 0, 0, 50));
            assertThat(bdev.histogramType()).isEqualTo(IoType.READ);
        }
    }

    @Test
    void aHistogramHasSpdksLayout() throws Exception {
        assertThatThrownBy(() -> client.call("bdev_get_histogram", params())).hasMessageContaining("enableHistogram");
        client.call("bdev_enable_histogram", params().put("enable", true));
        read(9);
        JsonNode h = client.call("bdev_get_histogram", params());
        assertThat(h.get("granularity").intValue()).isEqualTo(7);
        assertThat(h.get("min_range").intValue()).isZero();
        assertThat(h.get("max_range").intValue()).isEqualTo(57);
        assertThat(h.get("tsc_rate").longValue()).isEqualTo(1_000_000_000L);
        ByteBuffer buckets = ByteBuffer.wrap(
                        Base64.getDecoder().decode(h.get("histogram").stringValue()))
                .order(ByteOrder.nativeOrder());
        assertThat(buckets.remaining()).isEqualTo(58 * 128 * 8);
        long count = 0;
        while (buckets.hasRemaining()) {
            count += buckets.getLong();
        }
        assertThat(count).isEqualTo(9);
        for (Map.Entry<String, Integer> bad :
                Map.of("granularity", 15, "min_nsec", -1, "max_nsec", 0).entrySet()) {
            assertThatThrownBy(() -> client.call(
                            "bdev_enable_histogram",
                            params().put("enable", true).put(bad.getKey(), bad.getValue())))
                    .hasMessageContaining("a histogram");
        }
        assertThatThrownBy(() -> client.call(
                        "bdev_enable_histogram", params().put("enable", true).put("opc", "juggle")))
                .hasMessageContaining("juggle");
        client.call("bdev_enable_histogram", params().put("enable", false));
        assertThatThrownBy(() -> client.call("bdev_get_histogram", params())).hasMessageContaining("enableHistogram");
    }

    @Test
    void aDeviceThatIsNotThereYetIsWaitedFor() throws Exception {
        ObjectNode late = JsonNodeFactory.instance.objectNode().put("name", "Late");
        assertThatThrownBy(() -> client.call("bdev_get_bdevs", late)).hasMessageContaining("Late");
        assertThatThrownBy(() -> client.call("bdev_get_bdevs", late.put("timeout", 1)))
                .hasMessageContainingAll("Late", "PT0.001S");
        CompletableFuture<JsonNode> found = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (RpcClient other = RpcClient.connect(app.rpcAddress())) {
                found.complete(other.call("bdev_get_bdevs", late.put("timeout", 60_000)));
            } catch (Exception e) {
                found.completeExceptionally(e);
            }
        });
        client.call(
                "bdev_malloc_create",
                JsonNodeFactory.instance
                        .objectNode()
                        .put("name", "Late")
                        .put("num_blocks", 8)
                        .put("block_size", 512));
        assertThat(found.get().get(0).get("name").stringValue()).isEqualTo("Late");
    }

    @Test
    void aHistogramHasTheShapeThatIsAskedFor() throws Exception {
        client.call(
                "bdev_enable_histogram",
                params().put("enable", true)
                        .put("granularity", 4)
                        .put("min_nsec", 1_500)
                        .put("max_nsec", 100_000));
        read(3);
        JsonNode h = client.call("bdev_get_histogram", params());
        assertThat(h.get("granularity").intValue()).isEqualTo(4);
        assertThat(h.get("min_range").intValue()).isEqualTo(7);
        assertThat(h.get("max_range").intValue()).isEqualTo(13);
        assertThat(Base64.getDecoder().decode(h.get("histogram").stringValue())).hasSize(7 * 16 * 8);
        assertThat(callsIn(client.call("save_config", null)).toString())
                .contains("\"granularity\":4,\"min_nsec\":1500,\"max_nsec\":100000}");

        ObjectNode ask = params();
        ask.putArray("borders").add(0).add(60_000_000);
        JsonNode counts = client.call("bdev_get_histogram_borders", ask).get("borders_count");
        assertThat(counts).hasSize(3);
        assertThat(counts.get(1).longValue()).isEqualTo(3);
        assertThat(counts.get(2).longValue()).isEqualTo(3);
        ObjectNode disorder = params();
        disorder.putArray("borders").add(2).add(1);
        assertThatThrownBy(() -> client.call("bdev_get_histogram_borders", disorder))
                .hasMessageContaining("ascending");
        ObjectNode none = params();
        none.putArray("borders");
        assertThatThrownBy(() -> client.call("bdev_get_histogram_borders", none))
                .hasMessageContaining("1 to 256");
    }

    @Test
    void statisticsAreGivenByDeviceAndByChannel() throws Exception {
        client.call("bdev_set_qd_sampling_period", params().put("period", 1_000));
        try (BlockDevice device = BlockDevice.open(app.bdevs(), "M", OpenMode.READ_WRITE);
                DmaBuf buf = app.dmaPool().allocate(512)) {
            device.write(buf, 0);
            JsonNode iostat = client.call("bdev_get_iostat", params().put("per_channel", true));
            assertThat(iostat.get("name").stringValue()).isEqualTo("M");
            JsonNode channel = iostat.get("channels").get(0);
            assertThat(channel.get("thread_id").longValue()).isPositive();
            assertThat(channel.get("num_write_ops").longValue()).isEqualTo(1);
        }
        ObjectNode names = JsonNodeFactory.instance.objectNode();
        names.putArray("names").add("M");
        JsonNode row = client.call("bdev_get_iostat", names).get("bdevs").get(0);
        assertThat(row.get("num_write_ops").longValue()).isEqualTo(1);
        assertThat(row.get("queue_depth_polling_period").longValue()).isEqualTo(1_000);
        assertThat(row.get("queue_depth").longValue()).isZero();
        assertThat(row.has("io_time")).isTrue();
        assertThatThrownBy(() -> client.call(
                        "bdev_get_iostat", JsonNodeFactory.instance.objectNode().put("per_channel", true)))
                .hasMessageContaining("one bdev");
        client.call("bdev_set_qd_sampling_period", params().put("period", 0));
        client.call("bdev_reset_iostat", params());
        row = client.call("bdev_get_iostat", params()).get("bdevs").get(0);
        assertThat(row.get("num_write_ops").longValue()).isZero();
        assertThat(row.has("queue_depth")).isFalse();
    }
}
