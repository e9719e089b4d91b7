// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Logical volumes: made, opened, resized, renamed, made read-only, deleted; and their I/O. */
class LvolVolumeTest extends LvolTest {
    @Test
    void aVolumeIsADevice() {
        LvolStore store = store();
        Lvol lvol = does(() -> store.create(new LvolOptions("lvol", 3L * CLUSTER + 1)));
        Bdev bdev = on(() -> lvol.bdev().orElseThrow());
        assertThat(bdev.name()).isEqualTo(lvol.uuid().orElseThrow().toString());
        assertThat(bdev.aliases()).containsExactly("lvs/lvol");
        assertThat(bdev.productName()).isEqualTo("Logical Volume");
        assertThat(bdev.blockSize()).isEqualTo(512);
        assertThat(bdev.sizeBytes()).as("rounded up").isEqualTo(4L * CLUSTER);
        assertThat(bdev.optimalIoBoundary()).isEqualTo(CLUSTER / 512);
        assertThat(bdev.bases()).containsExactly(find("Base0"));
        assertThat(on(store::freeClusters)).isEqualTo(115);
        for (IoType type : IoType.values()) {
            boolean is = switch (type) {
                case READ, WRITE, UNMAP, WRITE_ZEROES, FLUSH, RESET, SEEK_HOLE, SEEK_DATA -> true;
                default -> false;
            };
            assertThat(bdev.supports(type) && !bdev.emulates(type))
                    .as(type.jsonName())
                    .isEqualTo(is);
        }
        does(lvol::delete);
        assertThat(bdev.isRegistered()).isFalse();
        assertThat(on(store::freeClusters)).isEqualTo(119);
        assertThat(on(store::lvols)).isEmpty();
    }

    @Test
    void namesAreCheckedAndUsedOnce() {
        LvolStore store = store();
        for (String name : List.of("", "x".repeat(64), "a\0b")) {
            assertThatThrownBy(() -> new LvolOptions(name, 1)).isInstanceOf(IllegalArgumentException.class);
        }
        Lvol lvol = thin(store, "x".repeat(63), 1);
        assertRefused(Errno.EEXIST, () -> thin(store, "x".repeat(63), 1));
        List<CompletableFuture<Lvol>> both =
                on(() -> List.of(store.create(LvolOptions.thin("both", 1)), store.create(LvolOptions.thin("both", 1))));
        assertThat(world.await(both.getFirst()).name()).isEqualTo("both");
        assertRefused(Errno.EEXIST, () -> world.await(both.getLast()));
        does(lvol::delete);
        thin(store, "x".repeat(63), 1);
    }

    @Test
    void whatFailsLeavesNothing() {
        LvolStore store = store();
        assertRefused(Errno.ENOSPC, () -> thick(store, "lvol", 120));
        assertThat(on(store::lvols)).isEmpty();
        assertThat(on(store::freeClusters)).isEqualTo(119);
        // Its device cannot have its alias.
        on(() -> {
            bdevs().addAlias(find("Base0"), "lvs/lvol");
            return true;
        });
        assertRefused(Errno.EEXIST, () -> thick(store, "lvol", 2));
        assertThat(on(store::freeClusters)).isEqualTo(119);
        on(() -> {
            bdevs().removeAlias(find("Base0"), "lvs/lvol");
            return true;
        });
        thick(store, "lvol", 2);
    }

    @Test
    void isClosedAndOpened() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 2);
        fill("lvs/lvol", 1, 0x42);
        does(lvol::close);
        assertThat(on(lvol::isOpen)).isFalse();
        assertThat(bdevs().lookup("lvs/lvol")).isNull();
        assertRefused(Errno.ENODEV, () -> does(lvol::close));
        assertRefused(Errno.ENODEV, () -> does(() -> lvol.resize(CLUSTER)));
        does(lvol::open);
        does(lvol::open);
        assertThat(filled("lvs/lvol", 1)).isEqualTo(0x42);
        // Whoever removes its device closes it too.
        world.await(bdevs().unregister(on(() -> lvol.bdev().orElseThrow())));
        assertThat(on(lvol::isOpen)).isFalse();
        does(lvol::delete);
        assertThat(on(store::lvols)).isEmpty();
    }

    @Test
    void aVolumeInUseIsDeletedWhenItIsClosed() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 2);
        BdevDesc user = on(() -> bdevs().open("lvs/lvol", OpenMode.READ_ONLY, (_, _) -> {}));
        CompletableFuture<Void> deleted = begin(lvol::delete);
        world.settle();
        assertThat(deleted).isNotDone();
        assertRefused(Errno.EBUSY, () -> does(lvol::delete));
        assertRefused(Errno.ENODEV, () -> does(() -> lvol.rename("other")));
        user.close();
        world.await(deleted);
        assertThat(on(store::lvols)).isEmpty();
    }

    @Test
    void growsWhileItIsOpenAndShrinksWhenItIsNot() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 4);
        List<BdevEvent> told = new ArrayList<>();
        BdevDesc user = on(() -> bdevs().open("lvs/lvol", OpenMode.READ_WRITE, (event, _) -> told.add(event)));
        does(() -> lvol.resize(4L * CLUSTER));
        does(() -> lvol.resize(8L * CLUSTER));
        world.settle();
        assertThat(told).containsExactly(BdevEvent.RESIZED);
        assertThat(user.bdev().sizeBytes()).isEqualTo(8L * CLUSTER);
        assertRefused(Errno.EBUSY, () -> does(() -> lvol.resize(2L * CLUSTER)));
        assertThat(on(lvol::sizeBytes)).isEqualTo(8L * CLUSTER);
        assertRefused(Errno.ENOSPC, () -> does(() -> lvol.resize(1L << 30)));
        user.close();
        world.await(user.closed());
        does(() -> lvol.resize(2L * CLUSTER));
        assertThat(find("lvs/lvol").sizeBytes()).isEqualTo(2L * CLUSTER);
        assertThat(on(store::freeClusters)).isEqualTo(117);
        does(() -> lvol.resize(0));
        assertThat(find("lvs/lvol").blockCount()).isZero();
        does(() -> lvol.resize(1));
        Lvol again = find(reload(store), "lvol");
        assertThat(on(again::sizeBytes)).isEqualTo(CLUSTER);
    }

    @Test
    void aNewNameIsAnotherAlias() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 2);
        thin(store, "taken", 2);
        does(() -> lvol.rename("lvol"));
        assertRefused(Errno.EEXIST, () -> does(() -> lvol.rename("taken")));
        assertThatThrownBy(() -> on(() -> lvol.rename(""))).hasRootCauseInstanceOf(IllegalArgumentException.class);
        does(() -> lvol.rename("new"));
        assertThat(find("lvs/new").name()).isEqualTo(lvol.bdevName());
        assertThat(bdevs().lookup("lvs/lvol")).isNull();
        thin(store, "lvol", 2);
        assertThat(on(reload(store)::lvols)).extracting(Lvol::name).containsExactly("new", "taken", "lvol");
    }

    @Test
    void oneChangeIsMadeAtATime() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 4);
        List<CompletableFuture<Void>> all = on(() -> List.of(
                lvol.resize(8L * CLUSTER),
                lvol.resize(2L * CLUSTER),
                lvol.rename("other"),
                lvol.close(),
                lvol.delete()));
        world.await(all.getFirst());
        all.stream().skip(1).forEach(c -> assertRefused(Errno.EBUSY, () -> world.await(c)));
        assertThat(find("lvs/lvol").sizeBytes()).isEqualTo(8L * CLUSTER);
        // A store and a volume of it may have other names at once.
        List<CompletableFuture<Void>> both = on(() -> List.of(lvol.rename("new"), store.rename("store")));
        both.forEach(c -> world.await(c));
        assertThat(find("store/new").aliases()).containsExactly("store/new");
        both = on(() -> List.of(store.rename("s"), lvol.rename("l")));
        both.forEach(c -> world.await(c));
        assertThat(find("s/l").aliases()).containsExactly("s/l");
        assertThat(on(reload(store)::lvols)).extracting(Lvol::alias).containsExactly("s/l");
    }

    @Test
    void aReadOnlyVolumeStaysSo() {
        LvolStore store = store();
        Lvol lvol = thick(store, "lvol", 2);
        fill("lvs/lvol", 0, 1);
        Bdev bdev = find("lvs/lvol");
        BdevDesc before = on(() -> bdevs().open("lvs/lvol", OpenMode.READ_WRITE, (_, _) -> {}));
        BdevChannel channel = on(before::openChannel);
        does(lvol::setReadOnly);
        assertThat(bdev.supports(IoType.WRITE)).isFalse();
        var buf = bed.buf(512, 9);
        assertThat(bed.io(channel, (c, u) -> channel.submitWrite(buf, 0, c, u)).errno())
                .isEqualTo(Errno.EPERM);
        assertThat(bed.io(channel, (c, u) -> channel.submitUnmap(0, 512, c, u)).errno())
                .isEqualTo(Errno.EPERM);
        before.close();
        world.await(before.closed());
        assertRefused(Errno.EPERM, () -> does(() -> lvol.resize(4L * CLUSTER)));
        assertRefused(Errno.EPERM, () -> does(() -> lvol.rename("other")));
        assertThat(bdevs().lookup("lvs/other")).isNull();
        assertThat(filled("lvs/lvol", 0)).isEqualTo(1);
        does(() -> lvol.createClone("clone"));
        fill("lvs/clone", 0, 2);
        LvolStore again = reload(store);
        assertThat(on(() -> find(again, "lvol").isReadOnly())).isTrue();
        assertThat(find("lvs/lvol").supports(IoType.WRITE)).isFalse();
        assertThat(filled("lvs/lvol", 0)).isEqualTo(1);
    }

    @Test
    void aThinVolumeTakesClustersAndGivesThemBack() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 1000);
        assertThat(on(lvol::sizeBytes)).isEqualTo(1000L * CLUSTER);
        assertThat(on(lvol::allocatedClusters)).isZero();
        var buf = bed.buf(3L * CLUSTER, 5);
        assertThat(io("lvs/lvol", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitWrite(buf, 10L * CLUSTER, c, u)))
                .isSameAs(IoStatus.SUCCESS);
        assertThat(on(store::freeClusters)).isEqualTo(116);
        assertThat(seek(IoType.SEEK_DATA, 0)).isEqualTo(10 * 128);
        assertThat(seek(IoType.SEEK_HOLE, 10 * 128 + 5)).isEqualTo(13 * 128);
        assertThat(seek(IoType.SEEK_DATA, 13 * 128)).isEqualTo(-1);
        assertThat(io("lvs/lvol", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitUnmap(11L * CLUSTER, CLUSTER, c, u)))
                .isSameAs(IoStatus.SUCCESS);
        assertThat(on(store::freeClusters)).isEqualTo(117);
        assertThat(filled("lvs/lvol", 11)).isZero();
        assertThat(filled("lvs/lvol", 12)).isEqualTo(5);
        assertThat(io("lvs/lvol", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitUnmap(0, 1000L * CLUSTER, c, u)))
                .isSameAs(IoStatus.SUCCESS);
        assertThat(on(store::freeClusters)).isEqualTo(119);
        IoStatus full =
                io("lvs/lvol", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitWriteZeroes(0, 120L * CLUSTER, c, u));
        assertThat(full.errno()).isEqualTo(Errno.ENOSPC);
        assertThat(on(store::freeClusters)).isZero();
    }

    private long seek(IoType type, long block) {
        BdevDesc desc = on(() -> bdevs().open("lvs/lvol", OpenMode.READ_ONLY, (_, _) -> {}));
        BdevChannel channel = on(desc::openChannel);
        long offset = block * 512;
        long found =
                does(() -> type == IoType.SEEK_DATA ? channel.seekDataAsync(offset) : channel.seekHoleAsync(offset));
        desc.close();
        world.await(desc.closed());
        return found < 0 ? found : found / 512;
    }

    @Test
    void aFlushIsOneOfTheWholeDeviceBelow() {
        thick(store(), "lvol", 2);
        assertThat(io("lvs/lvol", OpenMode.READ_WRITE, (ch, c, u) -> ch.submitFlush(0, CLUSTER, c, u)))
                .isSameAs(IoStatus.SUCCESS);
        // A device that has none has volumes without.
        on(() -> new MemoryDisk(64L * CLUSTER).register(bdevs(), "Disk0"));
        thick(store("Disk0", "disk"), "lvol", 2);
        assertThat(find("disk/lvol").supports(IoType.FLUSH)).isFalse();
    }

    @Test
    void volumesAreFoundByEachOfTheirNames() {
        LvolStore store = store();
        Lvol lvol = thin(store, "lvol", 1);
        Lvol other = thin(store, "lvol2", 1);
        assertThat(on(() -> stores().findLvol("lvs/lvol"))).contains(lvol);
        assertThat(on(() -> stores().findLvol(other.bdevName()))).contains(other);
        assertThat(on(() -> stores().findLvol("lvs/lvo"))).isEmpty();
        assertThat(on(() -> stores().findLvol("lvs/lvol22"))).isEmpty();
        assertThat(on(() -> stores().findLvol("lv/lvol"))).isEmpty();
        assertThat(on(() -> stores().findLvol("Base0"))).isEmpty();
        assertThat(on(() -> store.find("lvol2"))).contains(other);
    }

    @Test
    void aDeviceThatFailsIsToldAndLetGo() {
        MemoryDisk disk = new MemoryDisk(64L * CLUSTER);
        Bdev bdev = on(() -> disk.register(bdevs(), "Disk0"));
        LvolStore store = store("Disk0", "disk");
        Lvol lvol = thin(store, "lvol", 4);
        disk.failWrites(true);
        assertRefused(Errno.EIO, () -> does(() -> lvol.resize(5L * CLUSTER)));
        assertRefused(Errno.EIO, () -> does(() -> lvol.rename("other")));
        assertThat(lvol.name()).isEqualTo("lvol");
        assertThat(bdevs().lookup("disk/other")).isNull();
        assertThat(find("disk/lvol").sizeBytes()).isEqualTo(4L * CLUSTER);
        assertRefused(Errno.EIO, () -> thin(store, "second", 4));
        world.await(bdevs().unregister(bdev));
        assertThat(on(stores()::list)).isEmpty();
        disk.failWrites(false);
        on(() -> disk.register(bdevs(), "Disk1"));
        world.await(bdevs().modules().whenExamined());
        LvolStore found = on(() -> stores().find("disk").orElseThrow());
        assertThat(on(found::lvols)).extracting(Lvol::name).contains("lvol");
    }
}
