// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.gpt.GptPartition;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.testkit.GptImage;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Devices on devices, ours in Java and those of SPDK in a process of its own, on the same files: configurations of each
 * load in the other, with the same devices, and what each encrypts the other reads.
 */
@Timeout(180)
class VirtualDevicesTest {
    private static final int BYTES = 4 << 20;
    private static final int BLOCKS = BYTES / 512;
    private static final String KEY = "00112233445566778899aabbccddeeff";
    private static final String KEY2 = "ffeeddccbbaa99887766554433221100";

    @TempDir
    Path dir;

    @BeforeEach
    void makeFiles() throws Exception {
        for (int i = 0; i < 5; i++) {
            try (RandomAccessFile file =
                    new RandomAccessFile(dir.resolve("disk" + i).toFile(), "rw")) {
                file.setLength(BYTES);
            }
        }
        GptImage image = new GptImage(512, BLOCKS, new UUID(1, 2));
        image.partition(1, GptPartition.SPDK, new UUID(3, 4), image.firstUsable(), 999, "one")
                .partition(2, new UUID(9, 9), new UUID(5, 6), 1000, 1999, "not ours")
                .partition(5, GptPartition.SPDK_OLD, new UUID(7, 8), 2000, image.lastUsable(), "old");
        try (RandomAccessFile file = new RandomAccessFile(dir.resolve("disk4").toFile(), "rw")) {
            byte[] head = image.head();
            head[512 + 16] ^= 1; // so that the table at the end is used
            file.write(head);
            file.seek(image.tailBlock() * 512);
            file.write(image.tail());
        }
    }

    private static ObjectNode call(String method, Map<String, ?> params) {
        ObjectNode call = JsonNodeFactory.instance.objectNode().put("method", method);
        ObjectNode p = call.putObject("params");
        params.forEach((name, value) -> p.putPOJO(name, value));
        return call;
    }

    private String config(boolean crypto) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode calls =
                root.putArray("subsystems").addObject().put("subsystem", "bdev").putArray("config");
        for (int i = 0; i < 5; i++) {
            calls.add(call(
                    "bdev_aio_create",
                    Map.of(
                            "name",
                            "A" + i,
                            "filename",
                            dir.resolve("disk" + i).toString(),
                            "block_size",
                            512,
                            "uuid",
                            new UUID(10, i).toString())));
        }
        Map<String, ?> latencies = Map.of(
                "name", "D1",
                "base_bdev_name", "A1",
                "avg_read_latency", 10,
                "p99_read_latency", 20,
                "avg_write_latency", 30,
                "p99_write_latency", 40);
        calls.add(call("bdev_delay_create", latencies));
        calls.add(call("bdev_error_create", Map.of("base_name", "A2")));
        calls.add(call(
                "bdev_zone_block_create",
                Map.of("name", "Z3", "base_bdev", "A3", "zone_capacity", 1000, "optimal_open_zones", 2)));
        if (crypto) {
            calls.add(call(
                    "accel_crypto_key_create", Map.of("name", "k1", "cipher", "AES_XTS", "key", KEY, "key2", KEY2)));
            calls.add(call("bdev_crypto_create", Map.of("name", "C0", "base_bdev_name", "A0", "key_name", "k1")));
        }
        calls.addObject().put("method", "bdev_wait_for_examine");
        return root.toString();
    }

    private static SpdkApp app(String config) throws Exception {
        return SpdkApp.builder()
                .name("virtual")
                .memorySize(64 << 20)
                .rpc()
                .configJson(config)
                .start();
    }

    private static List<String> describe(JsonNode bdevs) {
        List<String> all = new ArrayList<>();
        for (JsonNode b : bdevs) {
            all.add(String.join(
                    " ",
                    b.get("name").stringValue(),
                    b.get("product_name").stringValue(),
                    b.get("uuid").stringValue(),
                    b.get("num_blocks").asString(),
                    b.get("zoned").asString(),
                    b.get("driver_specific").path("gpt").path("partition_name").asString("")));
        }
        all.sort(null);
        return all;
    }

    @Test
    @DisplayName("what one has saved loads in the other, and makes the same devices")
    void configurationsGoBothWays() throws Exception {
        boolean crypto = SpdkProgram.hasCrypto();
        String ours;
        List<String> devices;
        try (SpdkApp app = app(config(crypto));
                RpcClient rpc = RpcClient.connect(Objects.requireNonNull(app.rpcAddress()))) {
            devices = describe(rpc.call("bdev_get_bdevs"));
            ours = rpc.call("save_config").toString();
        }
        assertThat(devices).hasSize(crypto ? 11 : 10).anyMatch(d -> d.startsWith("A4p5 GPT Disk"));
        Path file = Files.writeString(dir.resolve("ours.json"), ours);
        ObjectNode theirs = JsonNodeFactory.instance.objectNode();
        try (SpdkProgram spdk = SpdkProgram.serve(dir, file)) {
            assertThat(describe(spdk.rpc().call("bdev_get_bdevs"))).isEqualTo(devices);
            ArrayNode subsystems = theirs.putArray("subsystems");
            for (String name : List.of("accel", "bdev")) {
                subsystems
                        .addObject()
                        .put("subsystem", name)
                        .set("config", spdk.rpc().call("framework_get_config", Map.of("name", name)));
            }
        }
        try (SpdkApp app = app(theirs.toString());
                RpcClient rpc = RpcClient.connect(Objects.requireNonNull(app.rpcAddress()))) {
            assertThat(describe(rpc.call("bdev_get_bdevs"))).isEqualTo(devices);
        }
    }

    @Test
    @DisplayName("what SPDK has encrypted is read, and the other way round")
    void cryptoIsTheSame() throws Exception {
        assumeTrue(
                SpdkProgram.hasCrypto(),
                "this SPDK has no crypto device: build it with crypto, or name a library that has it by -D"
                        + SpdkProgram.CRYPTO);
        byte[] first = new byte[BYTES];
        byte[] second = new byte[BYTES];
        new Random(1).nextBytes(first);
        new Random(2).nextBytes(second);
        Path config = Files.writeString(dir.resolve("config.json"), config(true));
        Path in = Files.write(dir.resolve("in"), first);
        SpdkProgram.copies(config, "--if=" + in, "--ob=C0");
        assertThat(read(dir.resolve("disk0"))).isNotEqualTo(first);
        try (SpdkApp app = app(Files.readString(config))) {
            assertThat(io(app, new byte[BYTES], (ch, buf) -> ch.readAsync(buf, 0)))
                    .isEqualTo(first);
            byte[] _ = io(app, second, (ch, buf) -> ch.writeAsync(buf, 0));
        }
        Path out = dir.resolve("out");
        SpdkProgram.copies(config, "--ib=C0", "--of=" + out);
        assertThat(read(out)).isEqualTo(second);
    }

    private static byte[] read(Path file) throws Exception {
        return Files.readAllBytes(file);
    }

    private static byte[] io(
            SpdkApp app, byte[] content, BiFunction<BdevChannel, DmaBuf, CompletableFuture<Void>> request) {
        BdevDesc desc = app.call(() -> app.bdevs().open("C0", OpenMode.READ_WRITE, BdevEventListener.NONE))
                .join();
        BdevChannel channel = app.call(desc::openChannel).join();
        byte[] after = new byte[content.length];
        try (DmaBuf buf = app.dmaPool()
                .allocate(content.length, Math.max(4096, desc.bdev().requiredAlignment()))) {
            buf.copyFrom(content);
            request.apply(channel, buf).join();
            buf.copyTo(after);
        }
        desc.close();
        desc.closed().join();
        return after;
    }
}
