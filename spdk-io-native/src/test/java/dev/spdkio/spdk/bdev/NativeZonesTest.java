// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.ZoneAction;
import dev.spdkio.bdev.ZoneInfo;
import dev.spdkio.bdev.ZoneSpec;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.spdk.NativeApp;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SPDK's devices with zones, in the hub. */
@Timeout(60)
class NativeZonesTest {
    private static final String BASE = "ZonesBelow";
    private static final String NAME = "Zones";
    private static final int ZONE = 64;

    @SuppressWarnings("NullAway.Init")
    private SpdkApp app;

    @SuppressWarnings("NullAway.Init")
    private Bdev bdev;

    @BeforeEach
    void start() throws Exception {
        app = NativeApp.get();
        var _ = NativeApp.make(BASE, "bdev_malloc_create", Map.of("name", BASE, "num_blocks", 1024, "block_size", 512));
        bdev = NativeApp.make(
                NAME,
                "bdev_zone_block_create",
                Map.of("name", NAME, "base_bdev", BASE, "zone_capacity", ZONE, "optimal_open_zones", 2));
    }

    @AfterEach
    void stop() throws Exception {
        NativeApp.rpc("bdev_zone_block_delete", Map.of("name", NAME));
        await(bdev.gone());
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", BASE));
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("zones are told, appended to, managed and read")
    void zones() throws Exception {
        ZoneSpec zones = Objects.requireNonNull(bdev.zones());
        assertThat(zones.zoneBlocks()).isEqualTo(ZONE);
        assertThat(zones.optimalOpenZones()).isEqualTo(2);
        assertThat(bdev.supports(IoType.COPY)).isFalse();
        BdevDesc desc =
                await(app.appThread().call(() -> app.bdevs().open(NAME, OpenMode.READ_WRITE, BdevEventListener.NONE)));
        BdevChannel channel = await(app.appThread().call(desc::openChannel));
        try (DmaBuf data = app.dmaPool().allocate(1024, 4096);
                DmaBuf back = app.dmaPool().allocate(1024, 4096)) {
            assertThat(await(channel.zones().infoAsync(0, 16))).hasSize(16).allSatisfy(zone -> {
                assertThat(zone.state()).as("as on a disk with data").isEqualTo(ZoneInfo.State.FULL);
                assertThat(zone.type()).isEqualTo(ZoneInfo.Type.SEQUENTIAL_REQUIRED);
                assertThat(zone.capacity()).isEqualTo(ZONE);
            });
            await(channel.zones().manageAsync(ZoneAction.RESET, ZONE));
            data.fill((byte) 7);
            assertThat(await(channel.zones().appendAsync(data, ZONE))).isEqualTo(ZONE);
            assertThat(await(channel.zones().appendAsync(data, ZONE))).isEqualTo(ZONE + 2);
            ZoneInfo second = await(channel.zones().infoAsync(ZONE, 1)).getFirst();
            assertThat(second.zone()).isEqualTo(ZONE);
            assertThat(second.writePointer()).isEqualTo(ZONE + 4);
            assertThat(second.state()).isEqualTo(ZoneInfo.State.IMPLICIT_OPEN);
            await(channel.readBlocksAsync(back, ZONE + 2, 2));
            assertThat(back.mismatch(data)).isEqualTo(-1);
            assertThatThrownBy(() -> await(channel.writeBlocksAsync(data, ZONE, 2)))
                    .as("not at the write pointer")
                    .isNotNull();

            await(channel.zones().manageAsync(ZoneAction.FINISH, ZONE));
            assertThat(await(channel.zones().infoAsync(ZONE, 1)).getFirst().state())
                    .isEqualTo(ZoneInfo.State.FULL);
            await(channel.zones().manageAsync(ZoneAction.RESET, ZONE));
            assertThat(await(channel.zones().infoAsync(ZONE, 1)).getFirst().state())
                    .isEqualTo(ZoneInfo.State.EMPTY);
        } finally {
            desc.close();
            await(desc.closed());
        }
    }
}
