// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.bdev.raid.RaidSuperblock.BaseState;
import dev.spdkio.memory.DmaBuf;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Arrays when bases fail, go and come back at the wrong moment. */
class RaidFaultsTest {
    private static final int BLOCKS = 2048 + 192;

    private static byte[] random(int blocks, long seed) {
        byte[] data = new byte[blocks * RaidWorld.BLOCK];
        new Random(seed).nextBytes(data);
        return data;
    }

    private static RaidWorld world(int disks) {
        RaidWorld w = new RaidWorld(11);
        for (int i = 0; i < disks; i++) {
            w.disk("D" + i, BLOCKS);
        }
        return w;
    }

    private static RaidDisk disk(RaidWorld w, String name) {
        return Objects.requireNonNull(w.disks.get(name));
    }

    private static long members(RaidWorld w, RaidBdev array) {
        return (Long) w.on(w.app, array::info).get("num_base_bdevs_operational");
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void aResetCostsNoBase(RaidLevel level) {
        try (RaidWorld w = world(3)) {
            RaidBdev array = w.create(level, true);
            BdevChannel ch = w.channel(w.other);
            RaidDisk slow = disk(w, "D1");
            slow.holds = io -> io.type() == IoType.WRITE && io.offsetBlocks() >= 2048;
            try (DmaBuf buf = w.pool.allocate(16 * RaidWorld.BLOCK)) {
                CompletableFuture<Void> write = ch.writeBlocksAsync(buf, 0, 16);
                w.settle();
                assertThat(slow.held).hasSize(1);
                slow.holds = _ -> false;
                w.rt.await(ch.resetAsync());
                assertThatThrownBy(() -> w.rt.await(write)).hasMessageContaining("aborted");
            }
            w.settle();
            assertThat(members(w, array)).isEqualTo(3);
            w.awaitSynced();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void aResetCostsNothingThatIsBeingCopied(RaidLevel level) {
        try (RaidWorld w = world(3)) {
            RaidBdev array = w.create(level, true);
            BdevChannel ch = w.channel(w.other);
            int blocks = (int) w.bdev().blockCount();
            byte[] data = random(blocks, 2);
            w.write(ch, 0, data);
            w.await(() -> w.arrays.removeBase("D1"));
            RaidDisk source = disk(w, "D0");
            RaidDisk target = disk(w, "D1");
            source.holds = io -> io.type() == IoType.READ && io.offsetBlocks() >= 2048;
            w.await(() -> w.arrays.addBase("R", "D1"));
            w.settle();
            assertThat(source.held).as("what the rebuild reads").isNotEmpty();
            source.holds = _ -> false;
            target.holds = io -> io.type() == IoType.WRITE && io.offsetBlocks() >= 2048;
            w.rt.await(ch.resetAsync());
            w.settle();
            assertThat(target.held).as("what the rebuild writes").isNotEmpty();
            target.holds = _ -> false;
            w.rt.await(ch.resetAsync());
            w.awaitSynced();
            assertThat(members(w, array)).isEqualTo(3);
            assertThat(w.read(ch, 0, blocks)).isEqualTo(data);
        }
    }

    @Test
    void aBaseThatIsPulledOutBeforeItIsLookedAtLeavesNoMemoryBehind() {
        try (RaidWorld w = world(2)) {
            w.create(RaidLevel.RAID1, false);
            w.await(() -> w.arrays.removeBase("D1"));
            w.on(w.app, () -> {
                var _ = w.arrays.addBase("R", "D1").exceptionally(_ -> null);
                return w.arrays.removeBase("D1");
            });
            w.settle();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void aRebuildThatFailsCostsTheNewBaseOnly(RaidLevel level) {
        try (RaidWorld w = world(3)) {
            RaidBdev array = w.create(level, true);
            BdevChannel ch = w.channel(w.app);
            int blocks = (int) w.bdev().blockCount();
            byte[] data = random(blocks, 1);
            w.write(ch, 0, data);
            w.await(() -> w.arrays.removeBase("D1"));
            RaidDisk spare = w.disk("S", BLOCKS);
            spare.fails = io -> io.type() == IoType.WRITE && io.offsetBlocks() > 2100;
            w.await(() -> w.arrays.addBase("R", "S"));
            w.awaitUntil("given up", () -> !array.sync().isRebuilding());
            w.settle();
            assertThat(members(w, array)).isEqualTo(2);
            assertThat(w.read(ch, 0, blocks)).isEqualTo(data);

            spare.fails = _ -> false;
            w.await(() -> w.arrays.addBase("R", "S"));
            w.awaitSynced();
            assertThat(members(w, array)).isEqualTo(3);
        }
    }

    @Test
    void aSourceThatCannotBeReadEndsTheRebuild() {
        try (RaidWorld w = world(3)) {
            RaidBdev array = w.create(RaidLevel.RAID5F, true);
            w.await(() -> w.arrays.removeBase("D1"));
            w.disk("S", BLOCKS);
            disk(w, "D0").fails = io -> io.type() == IoType.READ && io.offsetBlocks() >= 2048;
            w.await(() -> w.arrays.addBase("R", "S"));
            w.awaitUntil("given up", () -> !array.sync().isRebuilding());
            w.settle();
            assertThat(members(w, array)).isEqualTo(2);
            assertThat(array.state()).isEqualTo(RaidState.ONLINE);
        }
    }

    @Test
    void theTargetMayBePulledOutAndTheArrayRemovedWhileItIsRebuilt() {
        try (RaidWorld w = world(2)) {
            RaidBdev array = w.create(RaidLevel.RAID1, true);
            w.await(() -> w.arrays.removeBase("D1"));
            w.on(w.app, () -> {
                w.arrays.setOptions(new RaidOptions(4, 1));
                return true;
            });
            w.disk("S", BLOCKS);
            w.await(() -> w.arrays.addBase("R", "S"));
            assertThatThrownBy(() -> w.await(() -> w.arrays.addBase("R", "D1"))).hasMessageContaining("rebuilds");
            assertThat(w.on(w.app, array::info)).containsKey("process");
            w.unplug("S");
            assertThat(members(w, array)).isEqualTo(1);
            w.await(() -> w.arrays.addBase("R", "D1"));
            w.rt.runFor(Duration.ofMillis(2));
            w.await(() -> w.arrays.delete("R", false));
            assertThat(w.arrays.list()).isEmpty();
        }
    }

    @Test
    void theBandwidthIsLimited() {
        try (RaidWorld w = world(2)) {
            RaidBdev array = w.create(RaidLevel.RAID1, true);
            w.await(() -> w.arrays.removeBase("D1"));
            w.on(w.app, () -> {
                w.arrays.setOptions(new RaidOptions(8, 1));
                return true;
            });
            long begin = w.rt.clock().nanoTime();
            w.await(() -> w.arrays.addBase("R", "D1"));
            w.awaitSynced();
            long millis = (w.rt.clock().nanoTime() - begin) / 1_000_000;
            assertThat(millis).as("96 KiB at 1 MiB/s").isBetween(80L, 130L);
            assertThat(members(w, array)).isEqualTo(2);
        }
    }

    @Test
    void aBaseThatComesBackIsRebuilt() {
        try (RaidWorld w = world(2)) {
            RaidBdev array = w.create(RaidLevel.RAID1, true);
            BdevChannel ch = w.channel(w.other);
            RaidDisk gone = disk(w, "D0");
            w.unplug("D0");
            byte[] data = random(192, 5);
            w.write(ch, 0, data);
            RaidDisk back = w.disk(gone.moved());
            w.examine(back);
            w.awaitSynced();
            assertThat(members(w, array)).isEqualTo(2);
            assertThat(Arrays.copyOfRange(back.content, 2048 * 512, BLOCKS * 512))
                    .isEqualTo(data);
            assertThat(Objects.requireNonNull(array.sb()).state(0)).isEqualTo(BaseState.CONFIGURED);
        }
    }

    @Test
    void theTruthIsWithThoseThatWereThereLast() {
        RaidDisk stale;
        RaidDisk fresh;
        byte[] data = random(192, 6);
        try (RaidWorld w = world(2)) {
            w.create(RaidLevel.RAID1, true);
            BdevChannel ch = w.channel(w.other);
            w.write(ch, 0, random(192, 5));
            stale = disk(w, "D0");
            w.unplug("D0");
            w.write(ch, 0, data);
            fresh = disk(w, "D1");
            w.closeChannels();
        }
        try (RaidWorld w = new RaidWorld(3)) {
            w.examine(w.disk(stale.moved()));
            assertThat(w.array().state()).as("the other one may know better").isEqualTo(RaidState.CONFIGURING);
            w.examine(w.disk(fresh.moved()));
            assertThat(w.array().state()).isEqualTo(RaidState.ONLINE);
            assertThat(w.read(w.channel(w.app), 0, 192)).isEqualTo(data);
            w.awaitSynced();
            assertThat(members(w, w.array())).as("the stale one was rebuilt").isEqualTo(2);
            assertThat(Arrays.copyOfRange(disk(w, "D0").content, 2048 * 512, BLOCKS * 512))
                    .isEqualTo(data);
        }
    }

    @Test
    void aNewBaseMustDoWhatTheOthersDo() {
        try (RaidWorld w = world(2)) {
            w.create(RaidLevel.RAID1, true);
            w.await(() -> w.arrays.removeBase("D1"));
            RaidDisk poor = new RaidDisk("P", RaidWorld.BLOCK, BLOCKS);
            poor.unmaps = false;
            w.disk(poor);
            assertThatThrownBy(() -> w.await(() -> w.arrays.addBase("R", "P"))).hasMessageContaining("no unmap");
            RaidDisk protecting = new RaidDisk("Dif", RaidWorld.BLOCK, BLOCKS);
            protecting.metadata = new MetadataSpec(8, true, 1, false, true, false, true, 0);
            w.disk(protecting);
            assertThatThrownBy(() -> w.await(() -> w.arrays.addBase("R", "Dif")))
                    .hasMessageContaining("protects its data");
            w.disk("Small", BLOCKS - 1);
            assertThatThrownBy(() -> w.await(() -> w.arrays.addBase("R", "Small")))
                    .hasMessageContaining("too few");
            w.await(() -> w.arrays.addBase("R", "D1"));
            w.awaitSynced();
        }
    }

    @Test
    void allButOneMayFailAtOnce() {
        try (RaidWorld w = world(3)) {
            RaidBdev array = w.create(RaidLevel.RAID1, true);
            BdevChannel ch = w.channel(w.other);
            for (String name : List.of("D0", "D2")) {
                disk(w, name).fails = io -> io.type() == IoType.WRITE;
            }
            byte[] data = random(32, 1);
            w.write(ch, 0, data);
            assertThat(members(w, array)).isEqualTo(1);
            assertThat(w.read(ch, 0, 32)).isEqualTo(data);
            disk(w, "D1").fails = io -> io.type() == IoType.WRITE;
            assertThatThrownBy(() -> w.write(ch, 0, data)).hasMessageContaining("failed");
            w.settle();
            assertThat(array.state()).isEqualTo(RaidState.OFFLINE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID0", "RAID1"})
    void growsWithItsBases(RaidLevel level) throws Exception {
        try (RaidWorld w = world(2)) {
            w.create(level, true);
            long before = w.bdev().blockCount();
            for (String name : List.of("D0", "D1")) {
                Objects.requireNonNull(w.bdevs.lookup(name)).notifyBlockCount(BLOCKS + 64);
                w.settle();
            }
            long more = level == RaidLevel.RAID0 ? 128 : 64;
            assertThat(w.bdev().blockCount()).isEqualTo(before + more);
            assertThat(Objects.requireNonNull(w.array().sb()).raidBlocks()).isEqualTo(before + more);
            for (String name : List.of("D0", "D1")) {
                Objects.requireNonNull(w.bdevs.lookup(name)).notifyBlockCount(BLOCKS + 64);
            }
        }
    }

    @Test
    void isDescribedAndSavedAsInSpdk() {
        try (RaidWorld w = world(2)) {
            RaidBdev array = w.create(RaidLevel.RAID0, false);
            Map<String, Object> info = w.on(w.app, array::info);
            assertThat(info.keySet())
                    .containsExactly(
                            "uuid",
                            "strip_size_kb",
                            "state",
                            "raid_level",
                            "superblock",
                            "num_base_bdevs",
                            "num_base_bdevs_discovered",
                            "num_base_bdevs_operational",
                            "base_bdevs_list");
            assertThat(Objects.requireNonNull(array.configCall()).params())
                    .containsEntry("name", "R")
                    .containsEntry("raid_level", "raid0")
                    .containsEntry("strip_size_kb", 4)
                    .containsEntry("base_bdevs", List.of("D0", "D1"));
            assertThat(w.bdev().optimalIoBoundary()).isEqualTo(8);
            w.await(() -> w.arrays.delete("R", false));
            w.create(RaidLevel.RAID1, true);
            assertThat(w.array().configCall()).as("it is on its bases").isNull();
            w.await(() -> w.arrays.delete("R", true));
            w.examine(disk(w, "D0"));
            assertThat(w.arrays.list()).as("the superblocks are gone").isEmpty();
        }
    }
}
