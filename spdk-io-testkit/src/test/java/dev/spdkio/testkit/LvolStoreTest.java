// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Stores of logical volumes: made, loaded, renamed, unloaded, deleted, and found on devices that come. */
class LvolStoreTest extends LvolTest {
    @Test
    void aNewStoreSaysWhatItIs() {
        LvolStore store = store();
        assertThat(store.name()).isEqualTo("lvs");
        assertThat(store.bdev().name()).isEqualTo("Base0");
        assertThat(on(store::clusterSize)).isEqualTo(CLUSTER);
        // A super block, three masks and 128 metadata pages are 9 clusters.
        assertThat(on(store::totalClusters)).isEqualTo(119);
        assertThat(on(store::freeClusters)).isEqualTo(119);
        assertThat(find("Base0").claims()).containsExactly(Claim.of("lvol", ClaimType.READ_MANY_WRITE_ONE));
        assertThat(on(stores()::list)).containsExactly(store);
        assertThat(on(() -> stores().find(store.uuid()))).contains(store);
    }

    @Test
    void optionsAreKept() {
        LvolStores stores = stores();
        LvolStore store = does(() -> stores.create(options("Base0", "lvs")
                .withClusterSize(128 << 10)
                .withMetadata(1000, 8192)
                .withClearMethod(ClearMethod.WRITE_ZEROES)));
        assertThat(on(store::clusterSize)).isEqualTo(128 << 10);
        assertThat(on(store::totalClusters)).as("640 pages of 8 KiB and more").isLessThan(64 - 640 * 8 / 128);
        LvolStore again = reload(store);
        assertThat(on(again::clusterSize)).isEqualTo(128 << 10);
        assertThat(again.uuid()).isEqualTo(store.uuid());
    }

    @Test
    void refusesOptionsThatDoNotSuit() {
        LvolStores stores = stores();
        for (String name : List.of("", "x".repeat(64), "a\0b")) {
            assertThatThrownBy(() -> new LvolStoreOptions("Base0", name)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> options("Base0", "lvs").withClusterSize(4095))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options("Base0", "lvs").withMetadata(0, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options("Base0", "lvs").withMetadata(100, 131072))
                .isInstanceOf(IllegalArgumentException.class);
        assertRefused(
                Errno.EINVAL,
                () -> does(() -> stores.create(options("Base0", "lvs").withClusterSize(1 << 24))));
        assertRefused(
                Errno.EINVAL, () -> does(() -> stores.create(new LvolStoreOptions("Base0", "lvs").withMetadata(1, 0))));
        assertRefused(Errno.ENODEV, () -> does(() -> stores.create(options("NoSuchBdev", "lvs"))));
        assertThat(on(stores::list)).isEmpty();
        assertThat(store().name()).as("nothing is left of the attempts").isEqualTo("lvs");
    }

    @Test
    void aNameIsUsedOnce() {
        store("Base0", "x".repeat(63));
        malloc("Base1", 64);
        LvolStores stores = stores();
        assertRefused(Errno.EEXIST, () -> does(() -> stores.create(options("Base1", "x".repeat(63)))));
        assertRefused(Errno.EPERM, () -> does(() -> stores.create(options("Base0", "other"))));
        List<CompletableFuture<LvolStore>> both =
                on(() -> List.of(stores.create(options("Base1", "both")), stores.create(options("Base1", "both"))));
        assertThat(world.await(both.getFirst()).name()).isEqualTo("both");
        assertRefused(Errno.EEXIST, () -> world.await(both.getLast()));
    }

    @Test
    void aDeviceThatIsWrittenByOthersIsRefused() {
        BdevDesc writer = bed.open(bed.other(), OpenMode.READ_WRITE, (_, _) -> {});
        LvolStores stores = stores();
        assertRefused(Errno.EPERM, () -> does(() -> stores.create(options("Base0", "lvs"))));
        writer.close();
        world.await(writer.closed());
        store();
    }

    @Test
    void unloadingTakesTheDevicesOfItsVolumes() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 4);
        Bdev bdev = on(() -> lvol.bdev().orElseThrow());
        List<BdevEvent> told = new ArrayList<>();
        BdevDesc user = on(() -> bdevs().open("lvs/lvol", OpenMode.READ_WRITE, (event, _) -> told.add(event)));
        CompletableFuture<Void> unloaded = begin(store::unload);
        world.settle();
        assertThat(told).containsExactly(BdevEvent.REMOVED);
        assertThat(unloaded).as("it waits for the user").isNotDone();
        CompletableFuture<Void> again = begin(store::unload);
        assertRefused(Errno.ENODEV, () -> does(() -> lvol.resize(CLUSTER)));
        assertRefused(Errno.ENODEV, () -> does(store::delete));
        user.close();
        world.await(unloaded);
        world.await(again);
        assertThat(bdev.isRegistered()).isFalse();
        assertThat(bdevs().lookup("lvs/lvol")).isNull();
        assertThat(find("Base0").claims()).isEmpty();
        assertThat(on(stores()::list)).isEmpty();
    }

    @Test
    void loadingFindsVolumesWithTheirContent() {
        LvolStore store = store();
        Lvol thick = thick(store, "thick", 4);
        Lvol thin = thin(store, "thin", 8);
        fill("lvs/thick", 3, 0x33);
        fill("lvs/thin", 7, 0x77);
        LvolStore again = reload(store);
        assertThat(again.uuid()).isEqualTo(store.uuid());
        assertThat(on(again::lvols)).extracting(Lvol::name).containsExactly("thick", "thin");
        assertThat(find(again, "thick").uuid()).isEqualTo(thick.uuid());
        assertThat(find(again, "thin").bdevName()).isEqualTo(thin.bdevName());
        assertThat(filled(thick.bdevName(), 3)).isEqualTo(0x33);
        assertThat(filled("lvs/thin", 7)).isEqualTo(0x77);
        assertThat(filled("lvs/thin", 0)).isZero();
        assertThat(on(() -> find(again, "thin").allocatedClusters())).isEqualTo(1);
    }

    @Test
    void loadingFailsWhereThereIsNoStore() {
        LvolStores stores = stores();
        assertRefused(Errno.ENODEV, () -> does(() -> stores.load("NoSuchBdev")));
        assertRefused(Errno.EILSEQ, () -> does(() -> stores.load("Base0")));
        assertThat(find("Base0").claims()).isEmpty();
        assertThat(find("Base0").openCount()).isZero();
    }

    @Test
    void deletingLeavesNothing() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 4);
        does(() -> lvol.snapshot("snap1"));
        does(() -> lvol.snapshot("snap2"));
        Lvol snap1 = find(store, "snap1");
        does(() -> snap1.createClone("clone"));
        does(store::delete);
        assertThat(bdevs().bdevs()).extracting(Bdev::name).containsExactly("Base0");
        assertRefused(Errno.EILSEQ, () -> does(() -> stores().load("Base0")));
        assertThat(on(store()::freeClusters)).isEqualTo(119);
    }

    @Test
    void renamingGivesVolumesOtherNames() {
        LvolStore store = store();
        thick(store, "lvol", 2);
        malloc("Base1", 64);
        LvolStore other = store("Base1", "other");
        does(() -> store.rename("lvs"));
        assertRefused(Errno.EEXIST, () -> does(() -> store.rename("other")));
        List<CompletableFuture<Void>> both = on(() -> List.of(store.rename("new"), other.rename("new")));
        world.await(both.getFirst());
        assertRefused(Errno.EEXIST, () -> world.await(both.getLast()));
        assertThat(bdevs().lookup("lvs/lvol")).isNull();
        assertThat(bdevs().lookup("new/lvol")).isNotNull();
        assertThat(on(() -> stores().find("lvs"))).isEmpty();
        LvolStore again = reload(store);
        assertThat(again.name()).isEqualTo("new");
        does(() -> other.rename("lvs"));
        assertThat(on(() -> stores().find("lvs"))).contains(other);
    }

    @Test
    void growsWithItsDevice() {
        Bdev base = malloc("Small", 32);
        LvolStores stores = stores();
        LvolStore store = does(() -> stores.create(options("Small", "lvs").withMetadata(400, 0)));
        long before = on(store::totalClusters);
        does(store::grow);
        assertThat(on(store::totalClusters)).isEqualTo(before);
        assertThat(base.blockCount()).isEqualTo(32L * CLUSTER / 512);
    }

    @Test
    void aStoreAppearsWithItsDeviceAndGoesWithIt() {
        Bdev disk = on(() -> new MemoryDisk(64L * CLUSTER).register(bdevs(), "Disk0"));
        LvolStore store = store("Disk0", "disk");
        Lvol lvol = thin(store, "lvol", 4);
        fill("disk/lvol", 1, 0x11);
        MemoryDisk content = disk.opsAs(MemoryDisk.class);
        world.await(bdevs().unregister(disk));
        assertThat(on(stores()::list)).isEmpty();
        assertThat(bdevs().lookup("disk/lvol")).isNull();

        on(() -> content.register(bdevs(), "Disk1"));
        world.await(bdevs().modules().whenExamined());
        LvolStore found = on(() -> stores().find("disk").orElseThrow());
        assertThat(found.uuid()).isEqualTo(store.uuid());
        assertThat(found.bdev().name()).isEqualTo("Disk1");
        assertThat(find(found, "lvol").uuid()).isEqualTo(lvol.uuid());
        assertThat(filled("disk/lvol", 1)).isEqualTo(0x11);

        // The same store on a second device has a name that is taken.
        on(() -> content.register(bdevs(), "Disk2"));
        world.await(bdevs().modules().whenExamined());
        assertThat(on(stores()::list)).containsExactly(found);
        assertThat(find("Disk2").claims()).isEmpty();
        assertThat(find("Disk2").openCount()).isZero();
    }

    @Test
    void afterACrashAllThatWasDoneIsThere() {
        Bdev disk = on(() -> new MemoryDisk(64L * CLUSTER).register(bdevs(), "Disk0"));
        LvolStore store = store("Disk0", "disk");
        Lvol thin = thin(store, "thin", 4);
        fill("disk/thin", 1, 0x11);
        does(() -> thin.snapshot("snap"));
        fill("disk/thin", 1, 0x12);
        does(() -> thin.resize(6L * CLUSTER));
        does(() -> thin.rename("other"));
        MemoryDisk content =
                java.util.Objects.requireNonNull(disk.opsAs(MemoryDisk.class)).copy();
        does(store::delete);

        on(() -> content.register(bdevs(), "Disk1"));
        world.await(bdevs().modules().whenExamined());
        LvolStore found = on(() -> stores().find("disk").orElseThrow());
        assertThat(on(found::lvols)).extracting(Lvol::name).containsExactlyInAnyOrder("other", "snap");
        assertThat(on(() -> find(found, "other").sizeBytes())).isEqualTo(6L * CLUSTER);
        assertThat(on(() -> find(found, "other").parent())).contains(find(found, "snap"));
        assertThat(filled("disk/other", 1)).isEqualTo(0x12);
        assertThat(filled("disk/snap", 1)).isEqualTo(0x11);
    }

    @Test
    void manyOperationsAtOnceEachEnd() {
        LvolStore store = store();
        List<CompletableFuture<Lvol>> made = on(() -> {
            List<CompletableFuture<Lvol>> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                all.add(store.create(dev.spdkio.bdev.lvol.LvolOptions.thin("lvol" + i % 50, CLUSTER)));
            }
            return all;
        });
        int there = 0;
        for (CompletableFuture<Lvol> one : made) {
            try {
                world.await(one);
                there++;
            } catch (RuntimeException e) {
                assertThat(e).rootCause().isInstanceOf(dev.spdkio.error.SpdkException.class);
            }
        }
        assertThat(there).isEqualTo(50);
        assertThat(on(store::lvols)).hasSize(50);
        CompletableFuture<Void> unloaded = begin(() -> {
            store.lvols().forEach(lvol -> {
                var _ = lvol.resize(2L * CLUSTER).exceptionally(_ -> null);
                var _ = lvol.snapshot("snap of " + lvol.name()).exceptionally(_ -> null);
            });
            return store.unload();
        });
        world.await(unloaded);
        LvolStores stores = stores();
        assertThat(on(does(() -> stores.load("Base0"))::lvols)).hasSize(100);
    }
}
