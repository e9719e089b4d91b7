// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.CLUSTER;
import static dev.spdkio.testkit.BlobBed.OPTIONS;
import static dev.spdkio.testkit.BlobBed.assertErrno;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Snapshots, clones, and devices that blobs stand on. */
interface BlobSnapshotContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    default void aSnapshotKeepsWhatWas() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(4));
        for (int i = 0; i < 4; i++) {
            bed().fillCluster(blob, i, i + 1);
        }
        BlobId id = await(store.createSnapshot(blob.id(), Map.of("name", new byte[] {1, 2})));
        assertThat(bed().free(store)).isEqualTo(free - 4);
        Blob snapshot = bed().open(store, id);
        assertThat(snapshot.isReadOnly()).isTrue();
        assertThat(snapshot.clusters()).isEqualTo(4);
        bed().run(() -> {
            assertThat(snapshot.isSnapshot()).isTrue();
            assertThat(snapshot.isClone()).isFalse();
            assertThat(snapshot.xattr("name")).containsExactly(1, 2);
            assertThat(snapshot.allocatedClusters()).isEqualTo(4);
            assertThat(blob.isClone()).isTrue();
            assertThat(blob.isThin()).isTrue();
            assertThat(blob.allocatedClusters()).isZero();
            assertThat(store.parentSnapshot(blob.id())).isEqualTo(Optional.of(id));
            assertThat(store.parentSnapshot(id)).isEmpty();
            assertThat(store.clones(id)).containsExactly(blob.id());
            assertThat(store.clones(blob.id())).isEmpty();
        });
        for (int i = 0; i < 4; i++) {
            bed().assertCluster(blob, i, i + 1);
        }
        bed().fill(blob, per + 2, 3, 99);
        bed().fillCluster(blob, 3, 44);
        assertThat(bed().free(store)).isEqualTo(free - 6);
        bed().assertCluster(snapshot, 1, 2);
        bed().assertCluster(snapshot, 3, 4);
        bed().assertUnits(blob, per, 2, 2);
        bed().assertUnits(blob, per + 2, 3, 99);
        bed().assertUnits(blob, per + 5, per - 5, 2);
        bed().assertCluster(blob, 3, 44);
        bed().close(blob, snapshot);
        Blobstore loaded = bed().reload(store);
        Blob again = bed().open(loaded, blob.id());
        bed().assertUnits(again, per + 2, 3, 99);
        bed().assertUnits(again, per + 5, per - 5, 2);
        bed().assertCluster(again, 0, 1);
        bed().run(() -> {
            assertThat(loaded.parentSnapshot(blob.id())).isEqualTo(Optional.of(id));
            assertThat(loaded.clones(id)).containsExactly(blob.id());
        });
        bed().close(again);
    }

    @Test
    default void chainsOfSnapshotsShowTheirTimes() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.thin(5));
        List<BlobId> snapshots = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            bed().fillCluster(blob, i, 10 + i);
            bed().fillCluster(blob, 0, 100 + i);
            snapshots.add(bed().snapshot(blob));
        }
        bed().fillCluster(blob, 0, 1);
        for (int i = 0; i < 5; i++) {
            Blob s = bed().open(store, snapshots.get(i));
            bed().assertCluster(s, 0, 100 + i);
            for (int c = 1; c < 5; c++) {
                bed().assertCluster(s, c, c <= i ? 10 + c : 0);
            }
            bed().close(s);
        }
        // The one in the middle goes: what it had, the next gets.
        await(store.deleteBlob(snapshots.get(2)));
        BlobId third = snapshots.get(3);
        assertThat(bed().on(() -> store.parentSnapshot(third))).isEqualTo(Optional.of(snapshots.get(1)));
        Blob s = bed().open(store, third);
        bed().assertCluster(s, 2, 12);
        bed().assertCluster(s, 0, 103);
        bed().assertCluster(blob, 2, 12);
        bed().assertCluster(blob, 0, 1);
        bed().close(s, blob);
        Blobstore after = bed().crash(store, "BlobChain");
        Blob found = bed().open(after, blob.id());
        bed().assertCluster(found, 0, 1);
        for (int c = 1; c < 5; c++) {
            bed().assertCluster(found, c, 10 + c);
        }
        bed().close(found);
    }

    @Test
    default void clonesGoTheirOwnWays() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        Blob blob = bed().blob(store, BlobOptions.ofClusters(3));
        for (int i = 0; i < 3; i++) {
            bed().fillCluster(blob, i, i + 1);
        }
        assertErrno(
                Errno.EINVAL, store.createClone(blob.id(), Map.of()), blob.id().toString());
        BlobId snapshot = bed().snapshot(blob);
        assertErrno(Errno.EINVAL, store.createSnapshot(snapshot, Map.of()), snapshot.toString());
        BlobId first = await(store.createClone(snapshot, Map.of("which", new byte[] {1})));
        BlobId second = bed().clone(store, snapshot);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        Blob a = bed().open(store, first);
        Blob b = bed().open(store, second);
        assertThat(bed().on(() -> a.xattr("which"))).containsExactly(1);
        assertThat(bed().<Boolean>on(a::isClone)).isTrue();
        bed().fillCluster(a, 0, 77);
        bed().fillCluster(b, 2, 88);
        bed().assertCluster(blob, 0, 1);
        bed().assertCluster(a, 0, 77);
        bed().assertCluster(a, 2, 3);
        bed().assertCluster(b, 0, 1);
        bed().assertCluster(b, 2, 88);
        assertThat(bed().on(() -> store.clones(snapshot))).containsExactlyInAnyOrder(blob.id(), first, second);
        assertErrno(Errno.EBUSY, store.deleteBlob(snapshot));
        bed().close(a, b, blob);
        await(store.deleteBlob(first));
        await(store.deleteBlob(blob.id()));
        await(store.deleteBlob(snapshot));
        assertThat(bed().on(() -> store.parentSnapshot(second))).isEmpty();
        Blob last = bed().open(store, second);
        bed().assertCluster(last, 0, 1);
        bed().assertCluster(last, 2, 88);
        bed().close(last);
        await(store.deleteBlob(second));
        assertThat(bed().free(store)).isEqualTo(free);
    }

    @Test
    default void inflatedBlobsStandOnNothing() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        Blob blob = bed().blob(store, BlobOptions.thin(6));
        bed().fillCluster(blob, 0, 1);
        bed().fillCluster(blob, 3, 4);
        BlobId snapshot = bed().snapshot(blob);
        bed().fillCluster(blob, 3, 44);
        await(store.inflate(blob.id()));
        bed().run(() -> {
            assertThat(blob.isThin()).isFalse();
            assertThat(blob.isClone()).isFalse();
            assertThat(blob.allocatedClusters()).isEqualTo(6);
            assertThat(store.parentSnapshot(blob.id())).isEmpty();
            assertThat(store.clones(snapshot)).isEmpty();
        });
        bed().assertCluster(blob, 0, 1);
        bed().assertCluster(blob, 3, 44);
        await(store.inflate(blob.id()));
        await(store.deleteBlob(snapshot));
        assertThat(bed().free(store)).isEqualTo(free - 6);
        bed().assertCluster(blob, 0, 1);
        bed().close(blob);
        // No room for all of it.
        BlobId large = bed().create(store, BlobOptions.thin(free));
        assertErrno(Errno.ENOSPC, store.inflate(large), large.toString());
        assertThat(bed().free(store)).isEqualTo(free - 6);
    }

    @Test
    default void decoupledBlobsStandOnTheGrandparent() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.thin(4));
        assertErrno(Errno.EINVAL, store.decoupleParent(blob.id()), blob.id().toString());
        bed().fillCluster(blob, 0, 1);
        BlobId grandparent = bed().snapshot(blob);
        bed().fillCluster(blob, 1, 2);
        BlobId parent = bed().snapshot(blob);
        bed().fillCluster(blob, 2, 3);
        await(store.decoupleParent(blob.id()));
        bed().run(() -> {
            assertThat(store.parentSnapshot(blob.id())).isEqualTo(Optional.of(grandparent));
            assertThat(store.clones(grandparent)).containsExactlyInAnyOrder(parent, blob.id());
            assertThat(blob.allocatedClusters()).isEqualTo(2);
        });
        for (int i = 0; i < 4; i++) {
            bed().assertCluster(blob, i, i == 3 ? 0 : i + 1);
        }
        await(store.decoupleParent(blob.id()));
        assertThat(bed().on(() -> store.parentSnapshot(blob.id()))).isEmpty();
        assertErrno(Errno.EINVAL, store.decoupleParent(blob.id()));
        bed().assertCluster(blob, 0, 1);
        bed().close(blob);
    }

    @Test
    default void aResizedCloneLosesNothing() throws Exception {
        for (long size : new long[] {2, 4, 9}) {
            Blobstore store = bed().init();
            Blob blob = bed().blob(store, BlobOptions.ofClusters(4));
            bed().fillCluster(blob, 1, 1);
            BlobId snapshot = bed().snapshot(blob);
            await(blob.resize(size));
            await(blob.sync());
            bed().assertCluster(blob, 1, 1);
            if (size == 9) {
                bed().assertCluster(blob, 8, 0);
            }
            bed().close(blob);
            for (CompletableFuture<Void> f : List.of(store.decoupleParent(blob.id()), store.deleteBlob(snapshot))) {
                try {
                    await(f);
                } catch (SpdkException e) {
                    assertThat(e.errno()).as(e.getMessage()).isIn(Errno.EINVAL, Errno.EBUSY);
                    assertThat(size).as(e.getMessage()).isNotEqualTo(4);
                }
            }
            store = bed().reload(store);
            Blob again = bed().open(store, blob.id());
            assertThat(again.clusters()).isEqualTo(size);
            bed().assertCluster(again, 1, 1);
            if (size == 9) {
                bed().assertCluster(again, 8, 0);
            }
            await(store.inflate(again.id()));
            bed().close(again);
            try {
                await(store.deleteBlob(snapshot));
            } catch (SpdkException gone) {
                assertThat(gone.errno()).isEqualTo(Errno.ENOENT);
            }
            await(store.unload());
        }
    }

    @Test
    default void aCloneThatIsLargerThanItsParentShowsNoMoreLater() throws Exception {
        for (boolean merge : new boolean[] {false, true}) {
            Blobstore store = bed().init();
            Blob blob = bed().blob(store, BlobOptions.ofClusters(4));
            for (int i = 0; i < 4; i++) {
                bed().fillCluster(blob, i, i + 1);
            }
            await(store.createSnapshot(blob.id(), Map.of()));
            await(blob.resize(2));
            BlobId parent = bed().snapshot(blob);
            await(blob.resize(4));
            bed().assertCluster(blob, 1, 2);
            bed().assertCluster(blob, 3, 0);
            try {
                await(merge ? store.deleteBlob(parent) : store.decoupleParent(blob.id()));
            } catch (SpdkException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.EINVAL);
            }
            bed().assertCluster(blob, 1, 2);
            bed().assertCluster(blob, 3, 0);
            bed().close(blob);
            store = bed().reload(store);
            Blob again = bed().open(store, blob.id());
            bed().assertCluster(again, 1, 2);
            bed().assertCluster(again, 3, 0);
            bed().close(again);
            await(store.unload());
        }
    }

    @Test
    default void unmapsCountWhileABlobIsInflated() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.thin(24));
        BlobChannel channel = bed().channel(store, bed().md);
        for (int round = 0; round < 4; round++) {
            Blob b = round == 0 ? blob : bed().blob(store, BlobOptions.thin(24));
            for (int i = 0; i < 24; i += 2) {
                bed().fillCluster(b, i, 7);
            }
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 24; i += 2) {
                if (i == 6 * round) {
                    all.add(store.inflate(b.id()));
                }
                all.add(channel.unmapAsync(b, i * per, per));
            }
            for (CompletableFuture<Void> f : all) {
                await(f);
            }
            if (bed().device.supports(IoType.UNMAP)) { // else what is in a cluster that is kept is the device's affair
                bed().assertUnits(b, 0, 24 * per, 0);
            }
            bed().close(b);
            await(store.deleteBlob(b.id()));
        }
    }

    @Test
    default void parentsCanBeChosen() throws Exception {
        Blobstore store = bed().init();
        Blob source = bed().blob(store, BlobOptions.ofClusters(3));
        for (int i = 0; i < 3; i++) {
            bed().fillCluster(source, i, i + 1);
        }
        BlobId snapshot = bed().snapshot(source);
        Blob blob = bed().blob(store, BlobOptions.thin(3));
        bed().fillCluster(blob, 1, 50);
        await(store.setParent(blob.id(), snapshot));
        assertThat(bed().on(() -> store.parentSnapshot(blob.id()))).isEqualTo(Optional.of(snapshot));
        bed().assertCluster(blob, 0, 1);
        bed().assertCluster(blob, 1, 50);
        bed().assertCluster(blob, 2, 3);
        assertErrno(Errno.EEXIST, store.setParent(blob.id(), snapshot));
        assertErrno(Errno.EINVAL, store.setParent(blob.id(), blob.id()));
        assertErrno(Errno.EINVAL, store.setParent(snapshot, blob.id()));
        BlobId other = bed().create(store, BlobOptions.thin(4));
        assertErrno(Errno.EINVAL, store.setParent(other, snapshot));
        BlobId thick = bed().create(store, BlobOptions.ofClusters(3));
        assertErrno(Errno.EINVAL, store.setParent(thick, snapshot));
        assertErrno(Errno.ENOENT, store.setParent(new BlobId(1L << 32 | 0xFFFF), snapshot));
        bed().close(source, blob);
        Blob again = bed().open(bed().reload(store), blob.id());
        bed().assertCluster(again, 2, 3);
        bed().close(again);
    }

    @Test
    default void ioWaitsWhileASnapshotIsMade() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(8));
        bed().zero(blob, 0, 8 * per);
        // Each round writes its number over all clusters in order: a snapshot shows numbers that never grow.
        CompletableFuture<Boolean> writer = bed().thread("blob-frozen")
                .spawn("writer", () -> {
                    try (BlobChannel channel = store.openChannel();
                            DmaBuf buf = bed().units(store, 1)) {
                        for (int round = 1; round <= 60; round++) {
                            buf.fill((byte) round);
                            for (int c = 0; c < 8; c++) {
                                channel.write(blob, buf, c * per, 1);
                            }
                        }
                    }
                    return true;
                })
                .future();
        List<BlobId> snapshots = new ArrayList<>();
        while (!writer.isDone() && snapshots.size() < 15) {
            snapshots.add(bed().snapshot(blob));
        }
        await(writer);
        assertThat(snapshots).isNotEmpty();
        int last = 0;
        try (DmaBuf buf = bed().units(store, 1)) {
            for (BlobId id : snapshots) {
                Blob s = bed().open(store, id);
                int before = Integer.MAX_VALUE;
                for (int c = 0; c < 8; c++) {
                    long at = c * per;
                    bed().withChannel(store, ch -> ch.readAsync(s, buf, at, 1));
                    int round = buf.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
                    assertThat(round).isLessThanOrEqualTo(before).isGreaterThanOrEqualTo(last);
                    before = round;
                }
                last = before;
                bed().close(s);
            }
        }
        bed().close(blob);
    }

    @Test
    default void operationsAtOnceEndOneWayOrTheOther() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.thin(8));
        bed().fillCluster(blob, 3, 3);
        ConcurrentLinkedQueue<BlobId> made = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(store.createSnapshot(blob.id(), Map.of()).thenAccept(made::add));
            all.add(blob.resize(8 + i));
            all.add(store.inflate(blob.id()));
            all.add(blob.sync());
            all.add(store.deleteBlob(blob.id()));
        }
        int done = 0;
        for (CompletableFuture<?> f : all) {
            try {
                Object _ = await(f);
                done++;
            } catch (SpdkException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.EBUSY);
            }
        }
        assertThat(done).isPositive();
        assertThat(blob.isOpen()).isTrue();
        bed().assertCluster(blob, 3, 3);
        for (BlobId id : made) {
            Blob s = bed().open(store, id);
            bed().assertCluster(s, 3, 3);
            bed().close(s);
        }
        bed().close(blob);
    }

    // ---- devices --------------------------------------------------------------------------------------------------

    /** A device whose clusters hold their numbers, counted from 1. */
    private Bdev numbered(String name) throws Exception {
        Bdev bdev = bed().device(name);
        try (DmaBuf buf = bed().app.dmaPool().allocate(CLUSTER)) {
            for (int c = 0; c < 8; c++) {
                buf.fill((byte) (c + 1));
                bed().writeDevice(bdev, buf, (long) c * CLUSTER);
            }
        }
        return bdev;
    }

    @Test
    default void clonesADevice() throws Exception {
        Bdev external = numbered("BlobExternal");
        Blobstore store = bed().init(OPTIONS.withExternalSnapshots());
        long free = bed().free(store);
        Blob blob = bed().blob(store, BlobOptions.thin(8).withExternalSnapshot(external.name()));
        bed().run(() -> {
            assertThat(blob.externalSnapshot()).isEqualTo(Optional.of(external.name()));
            assertThat(blob.isThin()).isTrue();
            assertThat(blob.isClone()).isFalse();
            assertThat(store.parentSnapshot(blob.id())).isEmpty();
        });
        bed().assertCluster(blob, 4, 5);
        long per = store.ioUnitsPerCluster();
        bed().fill(blob, 4 * per + 1, 1, 99);
        assertThat(bed().free(store)).isEqualTo(free - 1);
        bed().assertUnits(blob, 4 * per, 1, 5);
        bed().assertUnits(blob, 4 * per + 1, 1, 99);
        bed().assertUnits(blob, 4 * per + 2, per - 2, 5);
        bed().close(blob);
        Blobstore again = bed().reload(store);
        assertThat(bed().<List<BlobId>>on(again::blobIds)).containsExactly(blob.id());
        Blob found = bed().open(again, blob.id());
        bed().assertCluster(found, 7, 8);
        bed().assertUnits(found, 4 * per + 1, 1, 99);
        await(again.inflate(found.id()));
        assertThat(bed().on(found::externalSnapshot)).isEmpty();
        bed().assertCluster(found, 7, 8);
        bed().assertUnits(found, 4 * per + 1, 1, 99);
        bed().close(found);
    }

    @Test
    default void aCloneOfADeviceGrowsAndStandsOnItsOwn() throws Exception {
        Bdev external = numbered("BlobBelow");
        Blobstore store = bed().init(OPTIONS.withExternalSnapshots());
        Blob blob = bed().blob(store, BlobOptions.thin(8).withExternalSnapshot(external.name()));
        await(blob.resize(10));
        bed().assertCluster(blob, 7, 8);
        bed().assertCluster(blob, 9, 0);
        await(store.decoupleParent(blob.id()));
        assertThat(bed().on(blob::externalSnapshot)).isEmpty();
        for (int i = 0; i < 10; i++) {
            bed().assertCluster(blob, i, i < 8 ? i + 1 : 0);
        }
        bed().close(blob);
    }

    @Test
    default void refusesADeviceThatDoesNotSuit() throws Exception {
        Bdev odd = bed().devices.create("BlobOdd", CLUSTER + CLUSTER / 2);
        try {
            Blobstore store = bed().init(OPTIONS.withExternalSnapshots());
            assertErrno(
                    Errno.EINVAL,
                    store.createBlob(BlobOptions.thin(8).withExternalSnapshot(odd.name())),
                    odd.name(),
                    "whole clusters");
            BlobId id = bed().create(store, BlobOptions.thin(8));
            assertErrno(Errno.EINVAL, store.setExternalParent(id, odd.name()), odd.name());
        } finally {
            bed().devices.remove(odd);
        }
    }

    @Test
    default void standsOnADeviceLater() throws Exception {
        Bdev external = numbered("BlobParent");
        Blobstore store = bed().init(OPTIONS.withExternalSnapshots());
        Blob blob = bed().blob(store, BlobOptions.thin(8));
        bed().fillCluster(blob, 2, 50);
        await(store.setExternalParent(blob.id(), external.name()));
        bed().assertCluster(blob, 0, 1);
        bed().assertCluster(blob, 2, 50);
        bed().assertCluster(blob, 7, 8);
        assertErrno(Errno.EEXIST, store.setExternalParent(blob.id(), external.name()));
        BlobId thick = bed().create(store, BlobOptions.ofClusters(1));
        assertErrno(Errno.EINVAL, store.setExternalParent(thick, external.name()));
        assertErrno(Errno.ENODEV, store.setExternalParent(blob.id(), "NoSuchBdev"), "NoSuchBdev");
        BlobId snapshot = bed().snapshot(blob);
        bed().fillCluster(blob, 5, 60);
        Blob s = bed().open(store, snapshot);
        assertThat(bed().on(s::externalSnapshot)).isEqualTo(Optional.of(external.name()));
        bed().assertCluster(s, 5, 6);
        bed().assertCluster(blob, 5, 60);
        bed().assertCluster(blob, 6, 7);
        bed().close(s, blob);
    }

    @Test
    default void aBlobWithoutItsDeviceIsKnownButNotOpened() throws Exception {
        Bdev external = numbered("BlobGone");
        Blobstore store = bed().init(OPTIONS.withExternalSnapshots());
        BlobId id = bed().create(store, BlobOptions.thin(8).withExternalSnapshot(external.name()));
        await(store.unload());
        store = bed().load();
        assertErrno(Errno.EOPNOTSUPP, store.openBlob(id), id.toString(), "externalSnapshots");
        await(store.unload());
        bed().devices.remove(external);
        store = bed().load(bed().device, OPTIONS.withExternalSnapshots());
        assertThat(bed().<List<BlobId>>on(store::blobIds)).containsExactly(id);
        assertErrno(Errno.ENODEV, store.openBlob(id), id.toString());
        Bdev back = numbered("BlobGone");
        Blob blob = bed().open(store, id);
        bed().assertCluster(blob, 3, 4);
        bed().close(blob);
        assertThat(back.name()).isEqualTo("BlobGone");
    }

    @Test
    default void copiesWhatIsItsOwn() throws Exception {
        Bdev target = numbered("BlobTarget");
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.thin(6));
        bed().fillCluster(blob, 0, 20);
        bed().fillCluster(blob, 1, 21);
        BlobId below = bed().snapshot(blob);
        bed().fillCluster(blob, 1, 31);
        bed().fillCluster(blob, 4, 34);
        BlobId snapshot = bed().snapshot(blob);
        List<Long> progress = new ArrayList<>();
        await(store.shallowCopy(snapshot, target.name(), progress::add));
        assertThat(progress).containsExactly(1L, 2L);
        assertErrno(
                Errno.EPERM,
                store.shallowCopy(blob.id(), target.name(), null),
                blob.id().toString());
        assertErrno(Errno.ENODEV, store.shallowCopy(snapshot, "NoSuchBdev", null), "NoSuchBdev");
        assertErrno(Errno.EPERM, store.shallowCopy(snapshot, bed().device.name(), null));
        bed().close(blob);
        int[] expected = {1, 31, 3, 4, 34, 6, 7, 8};
        try (DmaBuf buf = bed().app.dmaPool().allocate(CLUSTER)) {
            for (int c = 0; c < expected.length; c++) {
                bed().readDevice(target, buf, (long) c * CLUSTER);
                BlobBed.assertFilled(buf, 0, CLUSTER, expected[c], "cluster " + c);
            }
        }
        assertThat(below).isNotEqualTo(snapshot);
    }
}
