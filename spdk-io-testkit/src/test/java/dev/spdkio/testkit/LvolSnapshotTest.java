// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Snapshots and clones of volumes, and what volumes stand on. */
class LvolSnapshotTest extends LvolTest {
    private Lvol snapshot(Lvol lvol, String name) {
        return does(() -> lvol.snapshot(name));
    }

    private Lvol clone(Lvol lvol, String name) {
        return does(() -> lvol.createClone(name));
    }

    @Test
    void aSnapshotKeepsWhatThereWas() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 4);
        fill("lvs/lvol", 1, 0x11);
        Lvol snap = snapshot(lvol, "snap");
        assertThat(on(() -> snap.isReadOnly() && snap.isSnapshot() && !snap.isClone()))
                .isTrue();
        assertThat(on(() -> lvol.isClone() && lvol.isThin() && !lvol.isSnapshot()))
                .isTrue();
        assertThat(on(lvol::parent)).contains(snap);
        assertThat(on(snap::clones)).containsExactly(lvol);
        assertThat(on(lvol::clones)).isEmpty();
        assertThat(find("lvs/snap").supports(IoType.WRITE)).isFalse();
        fill("lvs/lvol", 1, 0x22);
        fill("lvs/lvol", 2, 0x33);
        assertThat(filled("lvs/snap", 1)).isEqualTo(0x11);
        assertThat(filled("lvs/snap", 2)).isZero();
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x22);
        Lvol clone = clone(snap, "clone");
        assertThat(on(snap::clones)).containsExactly(lvol, clone);
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x11);
        fill("lvs/clone", 1, 0x44);
        LvolStore again = reload(store);
        assertThat(on(() -> find(again, "clone").parent())).contains(find(again, "snap"));
        assertThat(filled("lvs/clone", 1)).isEqualTo(0x44);
        assertThat(filled("lvs/snap", 1)).isEqualTo(0x11);
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x22);
    }

    @Test
    void refusesWhatCannotBe() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 2);
        assertRefused(Errno.EEXIST, () -> snapshot(lvol, "lvol"));
        assertRefused(Errno.EINVAL, () -> clone(lvol, "clone"));
        Lvol snap = snapshot(lvol, "snap");
        assertRefused(Errno.EEXIST, () -> clone(snap, "lvol"));
        assertRefused(Errno.EINVAL, () -> snapshot(snap, "snap2"));
        assertThat(on(store::lvols)).containsExactlyInAnyOrder(lvol, snap);
        clone(snap, "clone");
    }

    @Test
    void ioGoesOnWhileSnapshotsAreMade() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 8);
        BdevDesc desc = bed.world().on(bed.other(), () -> bdevs().open("lvs/lvol", OpenMode.READ_WRITE, (_, _) -> {}));
        BdevChannel channel = world.on(bed.other(), desc::openChannel);
        List<CompletableFuture<Lvol>> snapshots = new ArrayList<>();
        for (int round = 0; round < 8; round++) {
            var out = bed.buf(512, round);
            int number = round;
            IoEnds ends = bed.begin(channel, e -> {
                for (int i = 0; i < 64; i++) {
                    long at = (long) (i % 8) * CLUSTER + 512L * i;
                    e.submit((c, u) -> channel.submitWrite(out, at, c, u));
                }
            });
            snapshots.add(begin(() -> lvol.snapshot("snap" + number)));
            assertThat(bed.finish(ends)).hasSize(64).allMatch(IoStatus::isSuccess);
        }
        snapshots.forEach(s -> world.await(s));
        var in = bed.buf(512, 0xEE);
        for (int i = 0; i < 64; i++) {
            long at = (long) (i % 8) * CLUSTER + 512L * i;
            bed.good(channel, (c, u) -> channel.submitRead(in, at, c, u));
            assertThat(BdevBed.bytes(in)).containsOnly(7);
        }
        desc.close();
        world.await(desc.closed());
        assertThat(on(store::lvols)).hasSize(9);
    }

    @Test
    void aSnapshotWithOneCloneCanBeDeletedAndWithTwoNot() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 4);
        fill("lvs/lvol", 1, 0x11);
        Lvol snap = snapshot(lvol, "snap");
        Lvol clone = clone(snap, "clone");
        fill("lvs/lvol", 2, 0x22);
        assertRefused(Errno.EPERM, () -> does(snap::delete));
        assertThat(find("lvs/snap").isRegistered()).isTrue();
        does(clone::delete);
        does(snap::delete);
        assertThat(on(lvol::isClone)).isFalse();
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x11);
        assertThat(filled("lvs/lvol", 2)).isEqualTo(0x22);
        assertThat(on(reload(store)::lvols)).hasSize(1);
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x11);
    }

    @Test
    void inflatingAndDecouplingMakeIndependent() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 4);
        fill("lvs/lvol", 0, 1);
        Lvol snap1 = snapshot(lvol, "snap1");
        fill("lvs/lvol", 1, 2);
        Lvol snap2 = snapshot(lvol, "snap2");
        does(lvol::decoupleParent);
        assertThat(on(lvol::parent)).contains(snap1);
        assertThat(on(lvol::allocatedClusters)).isEqualTo(1);
        does(lvol::inflate);
        assertThat(on(lvol::parent)).isEmpty();
        assertThat(on(lvol::isThin)).isFalse();
        assertThat(on(lvol::allocatedClusters)).isEqualTo(4);
        assertThat(filled("lvs/lvol", 0)).isEqualTo(1);
        assertThat(filled("lvs/lvol", 1)).isEqualTo(2);
        assertThat(filled("lvs/lvol", 2)).isZero();
        assertRefused(Errno.EINVAL, () -> does(lvol::decoupleParent));
        does(snap2::delete);
        does(snap1::delete);
    }

    @Test
    void aVolumeCanBePutOnAnotherSnapshot() {
        LvolStore store = store();
        Lvol one = thin(store, "one", 4);
        fill("lvs/one", 0, 1);
        Lvol snap = snapshot(one, "snap");
        Lvol two = thin(store, "two", 4);
        fill("lvs/two", 1, 2);
        does(() -> two.setParent(snap));
        assertThat(on(two::parent)).contains(snap);
        assertThat(filled("lvs/two", 0)).isEqualTo(1);
        assertThat(filled("lvs/two", 1)).isEqualTo(2);
        assertRefused(Errno.EEXIST, () -> does(() -> two.setParent(snap)));
        assertRefused(Errno.EINVAL, () -> does(() -> two.setParent(one)));
        Lvol large = thin(store, "large", 5);
        assertRefused(Errno.EINVAL, () -> does(() -> large.setParent(snap)));
        Lvol thick = thick(store, "thick", 4);
        assertRefused(Errno.EINVAL, () -> does(() -> thick.setParent(snap)));
        malloc("Base1", 64);
        Lvol foreign = thin(store("Base1", "other"), "foreign", 4);
        assertRefused(Errno.EINVAL, () -> does(() -> foreign.setParent(snap)));
    }

    @Test
    void aShallowCopyHasWhatIsASnapshotsOwn() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 4);
        fill("lvs/lvol", 0, 1);
        snapshot(lvol, "snap1");
        fill("lvs/lvol", 2, 3);
        Lvol snap2 = snapshot(lvol, "snap2");
        malloc("Target", 4);
        List<Long> progress = new ArrayList<>();
        assertRefused(Errno.EPERM, () -> does(() -> lvol.shallowCopy("Target", progress::add)));
        assertRefused(Errno.ENODEV, () -> does(() -> snap2.shallowCopy("NoSuchBdev", progress::add)));
        does(() -> snap2.shallowCopy("Target", progress::add));
        assertThat(progress).containsExactly(1L);
        assertThat(filled("Target", 0)).isZero();
        assertThat(filled("Target", 2)).isEqualTo(3);
    }

    @Test
    void theDescriptionSaysWhatStandsOnWhat() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 4);
        Lvol snap = snapshot(lvol, "snap");
        clone(snap, "clone");
        Bdev base = find("Base0");
        var info = call("bdev_lvol_get_lvols", java.util.Map.of("lvs_name", "lvs"));
        assertThat(info.size()).isEqualTo(3);
        java.util.Map<String, Object> out = new java.util.LinkedHashMap<>();
        on(() -> {
            find("lvs/snap").dumpInfo(out);
            return true;
        });
        @SuppressWarnings("unchecked")
        java.util.Map<String, Object> described = (java.util.Map<String, Object>) out.get("lvol");
        assertThat(described)
                .containsEntry("lvol_store_uuid", store.uuid().toString())
                .containsEntry("base_bdev", base.name())
                .containsEntry("thin_provision", true)
                .containsEntry("num_allocated_clusters", 0L)
                .containsEntry("snapshot", true)
                .containsEntry("clone", false)
                .containsEntry("clones", List.of("lvol", "clone"))
                .containsEntry("esnap_clone", false)
                .doesNotContainKey("base_snapshot");
    }
}
