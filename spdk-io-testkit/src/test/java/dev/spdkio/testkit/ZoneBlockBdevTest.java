// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.ZoneAction;
import dev.spdkio.bdev.ZoneInfo;
import dev.spdkio.bdev.ZoneInfo.State;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;
import dev.spdkio.bdev.zoneblock.ZoneBlockBdev;
import dev.spdkio.bdev.zoneblock.ZoneBlockBdevModule;
import dev.spdkio.bdev.zoneblock.ZoneBlockBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ZoneBlockBdevTest extends VirtualBdevTest {
    private static final int CAPACITY = 1000;
    private static final int ZONE = 1024;
    private static final IoStatus BOUNDARY = IoStatus.nvme(0, 1, 0xB8);
    private static final IoStatus FULL = IoStatus.nvme(0, 1, 0xB9);
    private static final IoStatus INVALID_WRITE = IoStatus.nvme(0, 1, 0xBC);
    private static final IoStatus INVALID_TRANSITION = IoStatus.nvme(0, 1, 0xBF);

    @Override
    BdevModule module() {
        return new ZoneBlockBdevModule();
    }

    private BdevChannel zoned() {
        make(() -> ZoneBlockBdev.create(bed.bdevs(), new ZoneBlockBdevOptions("Zone0", "Base0", CAPACITY, 3)));
        return bed.channel(bed.app());
    }

    private ZoneInfo info(BdevChannel ch, long zone) {
        return world.await(ch.zones().infoAsync(zone, 1)).getFirst();
    }

    private void assertZone(BdevChannel ch, long zone, State state, long written) {
        assertThat(info(ch, zone))
                .isEqualTo(new ZoneInfo(zone, zone + written, CAPACITY, state, ZoneInfo.Type.SEQUENTIAL_REQUIRED));
    }

    private IoStatus manage(BdevChannel ch, ZoneAction action, long zone) {
        return bed.io(ch, (c, u) -> ch.zones().submitManage(action, zone, c, u));
    }

    private IoStatus write(BdevChannel ch, long block, int count) {
        DmaBuf buf = bed.buf(512L * count, 5);
        return bed.io(ch, (c, u) -> ch.submitWriteBlocks(buf, block, count, c, u));
    }

    private IoStatus read(BdevChannel ch, long block, int count) {
        DmaBuf buf = bed.buf(512L * count);
        return bed.io(ch, (c, u) -> ch.submitReadBlocks(buf, block, count, c, u));
    }

    private static void assertAll(IoStatus expected, IoStatus... statuses) {
        assertThat(statuses).containsOnly(expected);
    }

    @Test
    @DisplayName("zones are as large as the next power of two, full at first, and the rest of the base is not used")
    void geometry() {
        BdevChannel ch = zoned();
        Bdev bdev = bed.bdev();
        assertThat(bdev.isZoned()).isTrue();
        assertThat(Objects.requireNonNull(bdev.zones()).zoneBlocks()).isEqualTo(ZONE);
        assertThat(bdev.zones().optimalOpenZones()).isEqualTo(3);
        assertThat(bdev.blockCount()).isEqualTo(16 * ZONE);
        List<ZoneInfo> all = world.await(ch.zones().infoAsync(0, 16));
        assertThat(all).extracting(ZoneInfo::state).containsOnly(State.FULL);
        assertThat(all).extracting(ZoneInfo::zone).startsWith(0L, 1024L, 2048L);
        assertThat(bdev.supports(IoType.COPY)).isFalse();
        assertThat(bdev.supports(IoType.COMPARE_AND_WRITE)).isFalse();
    }

    @Test
    @DisplayName("a zone is written at its pointer only, until it is full, and read within its capacity")
    void writesAtThePointer() {
        BdevChannel ch = zoned();
        assertAll(FULL, write(ch, 1024, 1));
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.RESET, 1024));
        assertZone(ch, 1024, State.EMPTY, 0);
        assertAll(INVALID_WRITE, write(ch, 1025, 1));
        assertAll(IoStatus.SUCCESS, write(ch, 1024, 10));
        assertZone(ch, 1024, State.IMPLICIT_OPEN, 10);
        assertAll(INVALID_WRITE, write(ch, 1024, 1), write(ch, 1033, 1), write(ch, 1035, 1));
        assertAll(BOUNDARY, write(ch, 1034, CAPACITY - 9));
        assertZone(ch, 1024, State.IMPLICIT_OPEN, 10);
        assertAll(IoStatus.SUCCESS, write(ch, 1034, CAPACITY - 10));
        assertZone(ch, 1024, State.FULL, CAPACITY);
        assertThat(contentOf(ch, 1024, CAPACITY)).containsOnly(5);
        assertAll(BOUNDARY, read(ch, 1024 + CAPACITY - 1, 2), read(ch, 2 * 1024 - 1, 2));
        assertAll(IoStatus.SUCCESS, read(ch, 1024 + CAPACITY - 1, 1), read(ch, 0, CAPACITY));
    }

    @Test
    @DisplayName("what may become of a zone in each state")
    void changesStates() {
        BdevChannel ch = zoned();
        assertAll(INVALID_TRANSITION, manage(ch, ZoneAction.OPEN, 0), manage(ch, ZoneAction.CLOSE, 0));
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.FINISH, 0), manage(ch, ZoneAction.RESET, 0));
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.RESET, 0));
        assertAll(INVALID_TRANSITION, manage(ch, ZoneAction.CLOSE, 0), manage(ch, ZoneAction.OFFLINE, 0));
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.OPEN, 0), manage(ch, ZoneAction.OPEN, 0));
        assertZone(ch, 0, State.IMPLICIT_OPEN, 0);
        assertAll(IoStatus.SUCCESS, write(ch, 0, 4), manage(ch, ZoneAction.CLOSE, 0), manage(ch, ZoneAction.CLOSE, 0));
        assertZone(ch, 0, State.CLOSED, 4);
        assertAll(IoStatus.SUCCESS, write(ch, 4, 4));
        assertZone(ch, 0, State.IMPLICIT_OPEN, 8);
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.FINISH, 0));
        assertZone(ch, 0, State.FULL, CAPACITY);
        assertZone(ch, 1024, State.FULL, CAPACITY);
    }

    @Test
    @DisplayName("appends of two threads fill a zone without a gap, each told where it is")
    void appends() {
        BdevChannel here = zoned();
        BdevChannel there = bed.channel(bed.other());
        assertAll(IoStatus.SUCCESS, manage(here, ZoneAction.RESET, 2048));
        List<Long> places = java.util.Collections.synchronizedList(new ArrayList<>());
        List<IoEnds> begun = new ArrayList<>();
        for (BdevChannel ch : List.of(here, there)) {
            DmaBuf buf = bed.buf(1024, ch == here ? 1 : 2);
            begun.add(bed.begin(
                    ch,
                    e -> e.load(
                            4,
                            250,
                            (_, _, c, u) -> ch.zones()
                                    .submitAppend(
                                            buf,
                                            2048,
                                            (status, place, data) -> {
                                                places.add(Objects.requireNonNull(place));
                                                c.completed(status, data);
                                            },
                                            u))));
        }
        begun.forEach(ends -> assertThat(bed.finish(ends)).hasSize(250).allMatch(IoStatus::isSuccess));
        places.sort(null);
        for (int i = 0; i < 500; i++) {
            assertThat(places.get(i)).isEqualTo(2048 + 2 * i);
        }
        assertZone(here, 2048, State.FULL, CAPACITY);
        assertThat(contentOf(here, 2048, CAPACITY)).contains(1, 2).doesNotContain(0);
        DmaBuf buf = bed.buf(512);
        assertThatThrownBy(() -> world.await(here.zones().appendAsync(buf, 2048)))
                .hasMessageContaining("0xb9");
    }

    @Test
    @DisplayName("what is wrong with a request is found before it is submitted")
    void refuses() {
        BdevChannel ch = zoned();
        DmaBuf buf = bed.buf(512);
        assertThatThrownBy(() -> ch.zones().appendAsync(buf, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("its zone begins at 0");
        assertThatThrownBy(() -> ch.zones().manageAsync(ZoneAction.RESET, 1025))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ch.zones().manageAsync(ZoneAction.RESET, 16 * 1024))
                .isInstanceOf(IllegalArgumentException.class);
        for (int count : new int[] {0, -1, 17, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> ch.zones().infoAsync(0, count)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ch.zones().infoAsync(1024, 16)).isInstanceOf(IllegalArgumentException.class);
        bed.use(find("Base0"));
        BdevChannel base = world.on(
                bed.app(),
                () -> bed.bdevs()
                        .open("Base0", dev.spdkio.bdev.OpenMode.READ_ONLY, dev.spdkio.bdev.BdevEventListener.NONE)
                        .openChannel());
        assertThatThrownBy(() -> world.await(base.zones().infoAsync(0, 1))).hasCauseInstanceOf(SpdkException.class);
        base.desc().close();
    }

    @Test
    @DisplayName("a passthru device on it has its zones")
    void passesThrough() {
        zoned();
        make(() -> PassthruBdev.create(bed.bdevs(), new PassthruBdevOptions("P", "Zone0")));
        BdevChannel ch = bed.channel(bed.app());
        assertAll(IoStatus.SUCCESS, manage(ch, ZoneAction.RESET, 1024));
        assertThat(world.await(ch.zones().appendAsync(bed.buf(1024, 9), 1024))).isEqualTo(1024);
        assertThat(world.await(ch.zones().appendAsync(bed.buf(1024, 9), 1024))).isEqualTo(1026);
        assertZone(ch, 1024, State.IMPLICIT_OPEN, 4);
        assertThat(contentOf(ch, 1024, 4)).containsOnly(9);
    }

    @Test
    @DisplayName("it goes when its base goes; a reset passes through")
    void followsItsBase() {
        BdevChannel ch = zoned();
        bed.good(ch, ch::submitReset);
        ch.desc().close();
        world.await(ch.desc().closed());
        world.await(Stacked.removeFromBelow(bed.bdev()));
        assertThat(bed.bdevs().bdevs()).isEmpty();
    }

    @Test
    @DisplayName("the RPC methods of SPDK, and what they refuse")
    void rpc() {
        Map<String, Object> create =
                Map.of("name", "Zone0", "base_bdev", "Base0", "zone_capacity", 4096L, "optimal_open_zones", 2);
        assertThat(call("bdev_zone_block_create", create).stringValue()).isEqualTo("Zone0");
        bed.use(find("Zone0"));
        assertThat(Objects.requireNonNull(find("Zone0").configCall()).params()).isEqualTo(create);
        assertRpcRefused(
                -Errno.EEXIST,
                "bdev_zone_block_create",
                Map.of("name", "Zone1", "base_bdev", "Zone0", "zone_capacity", 4096, "optimal_open_zones", 2));
        assertRpcRefused(
                -Errno.EPERM,
                "bdev_zone_block_create",
                Map.of("name", "Zone1", "base_bdev", "Base0", "zone_capacity", 4096, "optimal_open_zones", 2));
        call("bdev_zone_block_delete", Map.of("name", "Zone0"));
        bed.use(find("Base0"));
        for (Map<String, Object> bad : List.<Map<String, Object>>of(
                Map.of("name", "Z", "base_bdev", "Base0", "zone_capacity", 0, "optimal_open_zones", 2),
                Map.of("name", "Z", "base_bdev", "Base0", "zone_capacity", 16, "optimal_open_zones", 0),
                Map.of("name", "Z", "base_bdev", "Base0", "zone_capacity", 1 << 20, "optimal_open_zones", 1),
                Map.of("name", "Z", "base_bdev", "Base0", "zone_capacity", Long.MAX_VALUE, "optimal_open_zones", 1))) {
            assertRpcRefused(-32602, "bdev_zone_block_create", bad);
        }
        assertThat(find("Base0").claims()).isEmpty();
    }
}
