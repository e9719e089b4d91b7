// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Arrays as an application has them: by RPC, in configurations, and found again at the next start. */
@Timeout(60)
class RaidBdevModuleTest {
    private static final int BYTES = 4 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    private static SpdkApp start(String config) throws Exception {
        return SpdkApp.builder()
                .name("raid")
                .configJson(config)
                .ignoreSignals()
                .shutdownTimeout(Duration.ofSeconds(10))
                .start();
    }

    private static JsonNode rpc(SpdkApp app, String method, Map<String, Object> params) throws Exception {
        return app.call(() -> app.rpc().call(method, JsonMapper.shared().valueToTree(params)))
                .thenCompose(reply -> reply)
                .get(20, TimeUnit.SECONDS);
    }

    private String aioConfig() throws Exception {
        StringBuilder calls = new StringBuilder();
        for (int i = 0; i < 3; i++) {
            Path file = dir.resolve("base" + i);
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(BYTES);
            }
            calls.append("""
                    {"method": "bdev_aio_create", "params": {"name": "Aio%d", "filename": "%s", "block_size": 512,
                     "uuid": "00000000-0000-4000-8000-00000000000%d"}},
                    """.formatted(i, file, i));
        }
        return """
                {"subsystems": [{"subsystem": "bdev", "config": [%s {"method": "bdev_wait_for_examine"}]}]}
                """.formatted(calls);
    }

    private static byte[] content(Bdev bdev) {
        byte[] data = new byte[bdev.writeUnitSize() * bdev.blockSize()];
        new Random(bdev.name().hashCode()).nextBytes(data);
        return data;
    }

    private static BlockDevice open(SpdkApp app) throws Exception {
        return BlockDevice.open(app.bdevs(), "Raid", OpenMode.READ_WRITE);
    }

    @ParameterizedTest
    @EnumSource
    void isThereAgainAtTheNextStart(RaidLevel level) throws Exception {
        String config = aioConfig();
        try (SpdkApp app = start(config)) {
            rpc(
                    app,
                    "bdev_raid_create",
                    Map.of(
                            "name",
                            "Raid",
                            "raid_level",
                            level.jsonName(),
                            "strip_size_kb",
                            level == RaidLevel.RAID1 ? 0 : 4,
                            "base_bdevs",
                            List.of("Aio0", "Aio1", "Aio2"),
                            "superblock",
                            true));
            try (BlockDevice device = open(app)) {
                device.write(ByteBuffer.wrap(content(device.bdev())), 0);
            }
            app.stop(0);
            assertThat(app.awaitStop()).isZero();
        }
        try (SpdkApp app = start(config)) {
            JsonNode found = rpc(app, "bdev_raid_get_bdevs", Map.of("category", "online"));
            assertThat(found.size()).isEqualTo(1);
            assertThat(found.get(0).has("process")).as("closed in good order").isFalse();
            try (BlockDevice device = open(app)) {
                byte[] data = new byte[content(device.bdev()).length];
                device.read(ByteBuffer.wrap(data), 0);
                assertThat(data).isEqualTo(content(device.bdev()));
            }
            rpc(app, "bdev_raid_delete", Map.of("name", "Raid", "clear_sb", true));
            app.stop(0);
            assertThat(app.awaitStop()).isZero();
        }
        try (SpdkApp app = start(config)) {
            assertThat(rpc(app, "bdev_raid_get_bdevs", Map.of("category", "all"))
                            .size())
                    .isZero();
        }
    }

    @Test
    void isMadeAgainByASavedConfiguration() throws Exception {
        String malloc = """
                {"method": "bdev_malloc_create", "params": {"name": "M%d", "num_blocks": 8192, "block_size": 512}}
                """;
        String raid = """
                {"method": "bdev_raid_create", "params": {"name": "Raid", "raid_level": "raid0", "strip_size_kb": 64,
                 "base_bdevs": ["M0", "M1"]}}
                """;
        // The array waits for its bases.
        String config = """
                {"subsystems": [{"subsystem": "bdev", "config": [
                {"method": "bdev_raid_set_options", "params": {"process_window_size_kb": 512}}, %s, %s, %s]}]}
                """.formatted(raid, malloc.formatted(0), malloc.formatted(1));
        JsonNode saved;
        try (SpdkApp app = start(config)) {
            rpc(app, "bdev_wait_for_examine", Map.of());
            Bdev bdev = Objects.requireNonNull(app.bdevs().lookup("Raid"));
            assertThat(bdev.blockCount()).isEqualTo(2 * 8192);
            saved = rpc(app, "save_config", Map.of());
        }
        assertThat(saved.toString()).contains("\"process_window_size_kb\":512").contains("bdev_raid_create");
        try (SpdkApp app = start(saved.toString())) {
            rpc(app, "bdev_wait_for_examine", Map.of());
            assertThat(app.bdevs().lookup("Raid")).isNotNull();
            JsonNode all = rpc(app, "bdev_get_bdevs", Map.of("name", "Raid"));
            assertThat(all.get(0)
                            .get("driver_specific")
                            .get("raid")
                            .get("raid_level")
                            .asString())
                    .isEqualTo("raid0");
        }
    }
}
