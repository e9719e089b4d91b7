// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.sys.Errno;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Volumes that stand on devices, which may be missing. */
class LvolExternalTest extends LvolTest {
    private static final UUID PARENT = UUID.fromString("b54e7d0a-4fc5-4f5f-8c1c-2a4b5d6e7f80");

    private Bdev parent(int value) {
        MemoryDisk disk = new MemoryDisk(4L * CLUSTER);
        java.util.Arrays.fill(disk.content(), CLUSTER, 2 * CLUSTER, (byte) value);
        return on(() -> disk.register(bdevs(), "Parent", PARENT));
    }

    private void remove(Bdev bdev) {
        world.await(bdevs().unregister(bdev));
    }

    @Test
    void aCloneOfADeviceShowsThat() {
        LvolStore store = store();
        parent(0x11);
        Lvol clone = does(() -> store.cloneBdev("Parent", "clone"));
        assertThat(on(clone::externalSnapshot)).contains(PARENT.toString());
        assertThat(on(clone::sizeBytes)).isEqualTo(4L * CLUSTER);
        assertThat(on(() -> clone.isThin() && !clone.isClone() && !clone.isDegraded()))
                .isTrue();
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
        fill("lvs/clone", 2, 0x22);
        assertThat(filled("Parent", 2)).isZero();
        assertRefused(Errno.EPERM, () -> fill("Parent", 0, 1));
        LvolStore again = reload(store);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
        assertThat(filled("lvs/clone", 2)).isEqualTo(0x22);
        Lvol found = find(again, "clone");
        does(found::inflate);
        assertThat(on(found::externalSnapshot)).isEmpty();
        fill("Parent", 1, 0x12);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
    }

    @Test
    void refusesWhatCannotBe() {
        LvolStore store = store();
        parent(1);
        assertRefused(Errno.ENODEV, () -> does(() -> store.cloneBdev("NoSuchBdev", "clone")));
        malloc("Odd", 1);
        does(() -> {
            find("Odd").notifyBlockCount(200);
            return java.util.concurrent.CompletableFuture.completedFuture(true);
        });
        assertRefused(Errno.EINVAL, () -> does(() -> store.cloneBdev("Odd", "clone")));
        Lvol lvol = thin(store, "lvol", 4);
        assertRefused(Errno.EINVAL, () -> does(() -> store.cloneBdev("lvs/lvol", "clone")));
        assertRefused(Errno.EEXIST, () -> does(() -> store.cloneBdev("Parent", "lvol")));
        BdevDesc writer = on(() -> bdevs().open("Parent", OpenMode.READ_WRITE, (_, _) -> {}));
        assertRefused(Errno.EPERM, () -> does(() -> store.cloneBdev("Parent", "clone")));
        writer.close();
        world.await(writer.closed());
        assertThat(on(store::lvols)).containsExactly(lvol);
        does(() -> store.cloneBdev("Parent", "clone"));
    }

    @Test
    void aVolumeCanBePutOnADevice() {
        LvolStore store = store();
        parent(0x11);
        Lvol lvol = thin(store, "lvol", 4);
        fill("lvs/lvol", 0, 0x22);
        assertRefused(Errno.ENODEV, () -> does(() -> lvol.setExternalParent("NoSuchBdev")));
        assertRefused(Errno.EINVAL, () -> does(() -> lvol.setExternalParent("lvs/lvol")));
        does(() -> lvol.setExternalParent("Parent"));
        assertRefused(Errno.EEXIST, () -> does(() -> lvol.setExternalParent("Parent")));
        assertThat(filled("lvs/lvol", 0)).isEqualTo(0x22);
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x11);
        Lvol thick = thick(store, "thick", 4);
        assertRefused(Errno.EINVAL, () -> does(() -> thick.setExternalParent("Parent")));
    }

    @Test
    void aVolumeWithoutItsDeviceIsDegradedUntilThatComes() {
        LvolStore store = store();
        Bdev parent = parent(0x11);
        Lvol clone = does(() -> store.cloneBdev("Parent", "clone"));
        fill("lvs/clone", 0, 0x22);
        does(() -> clone.snapshot("snap"));
        fill("lvs/clone", 3, 0x33);
        does(store::unload);
        remove(parent);

        LvolStore again = does(() -> stores().load("Base0"));
        assertThat(bdevs().lookup("lvs/clone")).isNull();
        assertThat(bdevs().lookup("lvs/snap")).isNull();
        Lvol found = find(again, "clone");
        assertThat(on(() -> found.isOpen() && found.isDegraded())).isTrue();
        assertThat(on(found::bdev)).isEmpty();
        var listed = call("bdev_lvol_get_lvols", java.util.Map.of());
        assertThat(listed.get(0).get("is_degraded").asBoolean()).isTrue();
        assertRefused(Errno.EEXIST, () -> thin(again, "clone", 1));

        parent(0x11);
        assertThat(on(found::isDegraded)).isFalse();
        assertThat(filled("lvs/clone", 0)).isEqualTo(0x22);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
        assertThat(filled("lvs/clone", 3)).isEqualTo(0x33);
        assertThat(filled("lvs/snap", 3)).isZero();
    }

    @Test
    void theCloneOfADegradedSnapshotStandsOnItsDeviceWhenThatIsDeleted() {
        LvolStore store = store();
        Bdev parent = parent(0x11);
        Lvol clone = does(() -> store.cloneBdev("Parent", "clone"));
        fill("lvs/clone", 0, 0x22);
        does(() -> clone.snapshot("snap"));
        does(store::unload);
        remove(parent);
        LvolStore again = does(() -> stores().load("Base0"));
        does(find(again, "snap")::delete);
        Lvol left = find(again, "clone");
        assertThat(on(() -> left.isDegraded() && left.externalSnapshot().isPresent() && !left.isClone()))
                .isTrue();
        parent(0x11);
        assertThat(filled("lvs/clone", 0)).isEqualTo(0x22);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
    }

    @Test
    void aDegradedVolumeCanBeDeleted() {
        LvolStore store = store();
        Bdev parent = parent(1);
        does(() -> store.cloneBdev("Parent", "clone"));
        does(store::unload);
        remove(parent);
        LvolStore again = does(() -> stores().load("Base0"));
        assertThat(call("bdev_lvol_delete", java.util.Map.of("name", "lvs/clone"))
                        .asBoolean())
                .isTrue();
        assertThat(on(again::lvols)).isEmpty();
        assertThat(on(again::freeClusters)).isEqualTo(119);
    }

    @Test
    void aDeviceThatGoesLeavesWhatIsTheVolumesOwn() {
        LvolStore store = store();
        Bdev parent = parent(0x11);
        Lvol clone = does(() -> store.cloneBdev("Parent", "clone"));
        fill("lvs/clone", 0, 0x22);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
        remove(parent);
        assertThat(on(clone::isDegraded)).isTrue();
        assertThat(filled("lvs/clone", 0)).isEqualTo(0x22);
        var in = bed.buf(512, 0);
        assertThat(io("lvs/clone", OpenMode.READ_ONLY, (ch, c, u) -> ch.submitRead(in, CLUSTER, c, u)))
                .isEqualTo(IoStatus.FAILED);
        assertThat(io("lvs/clone", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitWrite(in, CLUSTER, c, u))
                        .errno())
                .isEqualTo(Errno.EIO);
        parent(0x11);
        assertThat(on(clone::isDegraded)).isFalse();
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
    }

    @Test
    void deviceAndCloneMayBeVolumesOfTwoStores() {
        LvolStore store = store();
        malloc("Base1", 64);
        LvolStore other = store("Base1", "other");
        Lvol lvol = thin(other, "lvol", 4);
        fill("other/lvol", 2, 0x44);
        does(() -> lvol.snapshot("snap"));
        does(() -> store.cloneBdev("other/snap", "clone"));
        assertThat(filled("lvs/clone", 2)).isEqualTo(0x44);
        fill("lvs/clone", 2, 0x45);
        assertThat(filled("other/snap", 2)).isEqualTo(0x44);
    }
}
