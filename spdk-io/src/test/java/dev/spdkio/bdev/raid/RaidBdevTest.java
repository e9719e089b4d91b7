// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RaidBdevTest {
    private static final int BLOCKS = 4096;

    private static byte[] random(int blocks, long seed) {
        byte[] data = new byte[blocks * RaidWorld.BLOCK];
        new Random(seed).nextBytes(data);
        return data;
    }

    private static RaidWorld world(int disks) {
        RaidWorld w = new RaidWorld(7);
        for (int i = 0; i < disks; i++) {
            w.disk("D" + i, BLOCKS);
        }
        return w;
    }

    @ParameterizedTest
    @EnumSource
    void storesAndForgetsNothing(RaidLevel level) {
        try (RaidWorld w = world(3)) {
            w.create(level, true);
            assertThat(w.bdev().bases()).extracting(Bdev::name).containsExactly("D0", "D1", "D2");
            BdevChannel ch = w.channel(w.other);
            byte[] data = random((int) w.bdev().blockCount(), 1);
            w.write(ch, 0, data);
            assertThat(w.read(ch, 0, (int) w.bdev().blockCount())).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFoundAgainByItsSuperblock(RaidLevel level) {
        byte[] data;
        List<RaidDisk> disks;
        try (RaidWorld w = world(3)) {
            w.create(level, true);
            data = random((int) w.bdev().blockCount(), 1);
            w.write(w.channel(w.app), 0, data);
            w.closeChannels();
            disks = List.copyOf(w.disks.values());
        }
        try (RaidWorld w = new RaidWorld(2)) {
            for (RaidDisk disk : disks.reversed()) {
                assertThat(w.bdevs.lookup("R")).isNull();
                w.examine(w.disk(disk.moved()));
            }
            assertThat(w.array().state()).isEqualTo(RaidState.ONLINE);
            assertThat(w.array().sync().info()).as("closed in good order").isNull();
            assertThat(w.read(w.channel(w.app), 0, (int) w.bdev().blockCount())).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void goesOnWithoutABaseAndRebuildsAnother(RaidLevel level) {
        try (RaidWorld w = world(3)) {
            w.create(level, true);
            BdevChannel ch = w.channel(w.other);
            int blocks = (int) w.bdev().blockCount();
            w.write(ch, 0, random(blocks, 1));
            w.disks.get("D1").fails = io -> io.type() == IoType.WRITE && io.offsetBlocks() >= 2048;
            byte[] data = random(blocks, 2);
            w.write(ch, 0, data);
            w.settle();
            assertThat(w.array().info()).containsEntry("num_base_bdevs_operational", 2L);
            assertThat(w.read(ch, 0, blocks)).isEqualTo(data);

            w.disk("D3", BLOCKS);
            w.await(() -> w.arrays.addBase("R", "D3"));
            byte[] later = random(8 * 2, 3);
            w.write(ch, 16, later);
            System.arraycopy(later, 0, data, 16 * RaidWorld.BLOCK, later.length);
            w.awaitSynced();
            assertThat(w.array().info()).containsEntry("num_base_bdevs_operational", 3L);
            w.await(() -> w.arrays.removeBase("D0"));
            assertThat(w.bdev().bases()).extracting(Bdev::name).doesNotContain("D0");
            assertThat(w.read(ch, 0, blocks)).isEqualTo(data);
        }
    }

    @Test
    void aWriteEndsOnlyWhenTheLossIsOnRecord() {
        try (RaidWorld w = world(2)) {
            w.create(RaidLevel.RAID1, true);
            w.awaitSynced();
            BdevChannel ch = w.channel(w.other);
            RaidDisk good = Objects.requireNonNull(w.disks.get("D0"));
            RaidDisk bad = Objects.requireNonNull(w.disks.get("D1"));
            bad.fails = io -> io.type() == IoType.WRITE;
            good.holds = io -> io.type() == IoType.WRITE && io.offsetBlocks() == 0; // its superblock
            try (DmaBuf buf = w.pool.allocate(RaidWorld.BLOCK)) {
                CompletableFuture<Void> write = ch.writeBlocksAsync(buf, 0, 1);
                w.settle();
                assertThat(good.held).hasSize(1);
                assertThat(write).isNotDone();
                good.release(w);
                w.rt.await(write);
            }
        }
    }

    @Test
    void raid0IsGoneWithItsFirstBase() {
        try (RaidWorld w = world(2)) {
            RaidBdev array = w.create(RaidLevel.RAID0, false);
            w.unplug("D0");
            assertThat(w.bdevs.lookup("R")).isNull();
            assertThat(array.state()).isEqualTo(RaidState.OFFLINE);
            assertThat(w.on(w.app, array::info)).containsEntry("state", "offline");
            w.await(() -> w.arrays.delete("R", false));
            assertThat(w.arrays.list()).isEmpty();
        }
    }

    @Test
    void waitsForItsBases() {
        try (RaidWorld w = new RaidWorld(1)) {
            w.disk("D0", BLOCKS);
            w.await(() -> w.arrays.create(new RaidBdevOptions("R", RaidLevel.RAID0, 4, List.of("D0", "D1"))));
            assertThat(w.array().state()).isEqualTo(RaidState.CONFIGURING);
            w.examine(w.disk("D1", BLOCKS));
            assertThat(w.array().state()).isEqualTo(RaidState.ONLINE);
        }
    }

    @Test
    void aReadThatFailsIsMadeGoodByTheOthers() {
        try (RaidWorld w = world(2)) {
            w.create(RaidLevel.RAID1, true);
            BdevChannel ch = w.channel(w.other);
            byte[] data = random(64, 1);
            w.write(ch, 0, data);
            RaidDisk bad = Objects.requireNonNull(w.disks.get("D0"));
            Arrays.fill(bad.content, 2048 * 512, 2048 * 512 + data.length, (byte) 9);
            bad.fails = io -> io.type() == IoType.READ;
            for (int i = 0; i < 4; i++) {
                assertThat(w.read(ch, 0, 64)).isEqualTo(data);
            }
            w.settle();
            assertThat(Arrays.copyOfRange(bad.content, 2048 * 512, 2048 * 512 + data.length))
                    .isEqualTo(data);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (RaidWorld w = world(2)) {
            assertThatThrownBy(() -> w.await(() ->
                            w.arrays.create(new RaidBdevOptions("R", RaidLevel.RAID0, 4096 << 4, List.of("D0", "D1")))))
                    .hasRootCauseInstanceOf(SpdkException.class);
            assertThat(w.arrays.list()).isEmpty();
            w.create(RaidLevel.RAID0, true);
            assertThatThrownBy(() -> w.await(
                            () -> w.arrays.create(new RaidBdevOptions("S", RaidLevel.RAID1, 0, List.of("D0", "D1")))))
                    .hasMessageContaining("D0")
                    .hasRootCauseInstanceOf(SpdkException.class);
            assertThat(w.arrays.list()).hasSize(1);
        }
    }
}
