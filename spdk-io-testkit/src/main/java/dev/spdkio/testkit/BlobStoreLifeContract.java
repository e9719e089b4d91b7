// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.CLUSTER;
import static dev.spdkio.testkit.BlobBed.OPTIONS;
import static dev.spdkio.testkit.BlobBed.assertErrno;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Stores: made, loaded, unloaded, destroyed, grown, and loaded after a crash. */
interface BlobStoreLifeContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    default void saysWhatItIs() throws Exception {
        Blobstore store = bed().init(OPTIONS.withType("CONTRACT"));
        assertThat(store.isLoaded()).isTrue();
        assertThat(store.clusterSize()).isEqualTo(CLUSTER);
        assertThat(store.ioUnitSize()).isEqualTo(bed().device.blockSize());
        assertThat(store.ioUnitsPerCluster()).isEqualTo(CLUSTER / bed().device.blockSize());
        assertThat(store.metadataPageSize()).isEqualTo(BlobstoreOptions.PAGE_SIZE);
        assertThat(store.bdevName()).isEqualTo(bed().device.name());
        assertThat(store.toString()).contains(bed().device.name());
        long total = bed().on(store::totalClusters);
        assertThat(total).isBetween(200L, bed().device.sizeBytes() / CLUSTER - 1);
        assertThat(bed().free(store)).isEqualTo(total);
        assertThat(bed().<String>on(store::type)).isEqualTo("CONTRACT");
        assertThat(bed().<List<BlobId>>on(store::blobIds)).isEmpty();
        OptionalLong growable = bed().on(store::maxGrowableSize);
        if (growable.isPresent()) {
            assertThat(growable.getAsLong()).isGreaterThanOrEqualTo(bed().device.sizeBytes());
        }
    }

    @Test
    default void loadsWhatWasUnloaded() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        Blob blob = bed().blob(store, BlobOptions.ofClusters(3));
        bed().fillCluster(blob, 1, 7);
        BlobId id = blob.id();
        bed().close(blob);
        store = bed().reload(store);
        assertThat(bed().<List<BlobId>>on(store::blobIds)).containsExactly(id);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        blob = bed().open(store, id);
        assertThat(blob.clusters()).isEqualTo(3);
        bed().assertCluster(blob, 1, 7);
        bed().close(blob);
    }

    @Test
    default void loadsAfterACrash() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        List<BlobId> ids = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            Blob blob = bed().blob(store, BlobOptions.ofClusters(i).withXattr("n", new byte[] {(byte) i}));
            bed().fillCluster(blob, i - 1, i);
            ids.add(blob.id());
            bed().close(blob);
        }
        Blob grown = bed().blob(store, BlobOptions.ofClusters(1));
        await(grown.resize(9));
        Blobstore after = bed().crash(store, "BlobCrashed");
        assertThat(bed().<List<BlobId>>on(after::blobIds))
                .contains(grown.id())
                .containsAll(ids)
                .hasSize(6);
        assertThat(bed().free(after)).isEqualTo(free - 24);
        for (int i = 1; i <= 5; i++) {
            Blob blob = bed().open(after, ids.get(i - 1));
            byte[] value = bed().on(() -> blob.xattr("n"));
            assertThat(value).containsExactly(i);
            assertThat(blob.clusters()).isEqualTo(i);
            bed().assertCluster(blob, i - 1, i);
            bed().close(blob);
        }
        Blob found = bed().open(after, grown.id());
        assertThat(found.clusters()).isEqualTo(9);
        bed().close(found, grown);
    }

    @Test
    default void recoversOnDemand() throws Exception {
        Blobstore store = bed().init();
        BlobId id = bed().create(store, BlobOptions.ofClusters(4));
        long free = bed().free(store);
        await(store.unload());
        store = bed().load(bed().device, OPTIONS.withForceRecovery());
        assertThat(bed().free(store)).isEqualTo(free);
        assertThat(bed().<List<BlobId>>on(store::blobIds)).containsExactly(id);
    }

    @Test
    default void refusesWhatIsNoStore() throws Exception {
        String name = bed().device.name();
        assertErrno(Errno.EILSEQ, Blobstore.load(bed().app, bed().md, name, OPTIONS), name, "init");
        assertErrno(Errno.ENODEV, Blobstore.load(bed().app, bed().md, "NoSuchBdev", OPTIONS), "NoSuchBdev");
        assertErrno(Errno.ENODEV, Blobstore.init(bed().app, bed().md, "NoSuchBdev", OPTIONS), "NoSuchBdev");
        BlobstoreOptions huge = OPTIONS.withClusterSize(32 << 20);
        assertErrno(Errno.ENOSPC, Blobstore.init(bed().app, bed().md, name, huge), name, "fit");
        BlobstoreOptions full = OPTIONS.withMetadataPages(1 << 20, 0);
        assertErrno(Errno.ENOMEM, Blobstore.init(bed().app, bed().md, name, full), name, "fit");
        Blobstore store = bed().init();
        assertThat(store.isLoaded()).isTrue();
    }

    @Test
    default void isLoadedByItsTypeOnly() throws Exception {
        Blobstore store = bed().init(OPTIONS.withType("FIRST"));
        await(store.unload());
        String name = bed().device.name();
        assertErrno(Errno.ENXIO, Blobstore.load(bed().app, bed().md, name, OPTIONS.withType("OTHER")), name, "OTHER");
        store = bed().load(bed().device, OPTIONS.withType("FIRST"));
        await(store.unload());
        Blobstore loaded = bed().load();
        assertThat(bed().<String>on(loaded::type)).isEqualTo("FIRST");
    }

    @Test
    default void hasItsDeviceToItself() throws Exception {
        Blobstore store = bed().init();
        String name = bed().device.name();
        assertErrno(Errno.EPERM, Blobstore.load(bed().app, bed().md, name, OPTIONS), name, "open for writing");
        assertErrno(Errno.EPERM, Blobstore.init(bed().app, bed().md, name, OPTIONS), name, "open for writing");
        await(store.unload());
        store = bed().load();
        assertThat(store.isLoaded()).isTrue();
    }

    @Test
    default void isDestroyedForGood() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        assertErrno(Errno.EBUSY, store.destroy(), blob.id().toString());
        bed().close(blob);
        await(store.destroy());
        assertThat(store.isLoaded()).isFalse();
        assertErrno(
                Errno.EILSEQ, Blobstore.load(bed().app, bed().md, bed().device.name(), OPTIONS));
    }

    @Test
    default void isNotUnloadedUnderOpenBlobs() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        assertErrno(Errno.EBUSY, store.unload(), blob.id().toString(), "close");
        assertThat(store.isLoaded()).isTrue();
        bed().fillCluster(blob, 0, 1);
        bed().close(blob);
        await(store.unload());
        assertThat(store.isLoaded()).isFalse();
    }

    @Test
    default void remembersItsSuperBlob() throws Exception {
        Blobstore store = bed().init();
        assertThat(await(store.superBlob())).isEmpty();
        BlobId id = bed().create(store, BlobOptions.DEFAULT);
        await(store.setSuperBlob(id));
        assertThat(await(store.superBlob())).isEqualTo(Optional.of(id));
        store = bed().reload(store);
        assertThat(await(store.superBlob())).isEqualTo(Optional.of(id));
        await(store.setSuperBlob(null));
        assertThat(await(store.superBlob())).isEmpty();
    }

    @Test
    default void clearsAsItIsTold() throws Exception {
        for (ClearMethod clear : ClearMethod.values()) {
            Blobstore store = bed().init(OPTIONS.withClearMethod(clear));
            Blob blob = bed().blob(store, BlobOptions.ofClusters(2).withClearMethod(clear));
            if (clear == ClearMethod.WRITE_ZEROES) {
                bed().assertCluster(blob, 1, 0);
            }
            bed().fillCluster(blob, 1, 3);
            bed().close(blob);
            await(store.deleteBlob(blob.id()));
            await(store.unload());
        }
    }

    @Test
    default void takesOtherPagesAndClusters() throws Exception {
        Blobstore store = bed().init(OPTIONS.withClusterSize(1 << 20).withMetadataPages(64, 8192));
        assertThat(store.metadataPageSize()).isEqualTo(8192);
        Blob blob = bed().blob(store, BlobOptions.ofClusters(2));
        bed().fill(blob, store.ioUnitsPerCluster() - 1, 2, 9);
        bed().close(blob);
        await(store.unload());
        // What it was made with counts, whatever is asked for.
        store = bed().load();
        assertThat(store.clusterSize()).isEqualTo(1 << 20);
        assertThat(store.metadataPageSize()).isEqualTo(8192);
        blob = bed().open(store, blob.id());
        bed().assertUnits(blob, store.ioUnitsPerCluster() - 1, 2, 9);
        bed().close(blob);
    }

    @Test
    default void runsOutOfMetadataPages() throws Exception {
        Blobstore store = bed().init(OPTIONS.withMetadataPages(8, 0));
        List<BlobId> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ids.add(bed().create(store, BlobOptions.DEFAULT));
        }
        assertErrno(Errno.ENOMEM, store.createBlob(BlobOptions.DEFAULT), "metadata page");
        await(store.deleteBlob(ids.getFirst()));
        assertThat(bed().create(store, BlobOptions.DEFAULT)).isEqualTo(ids.getFirst());
    }

    @Test
    default void growsWithItsDevice() throws Exception {
        Bdev device = bed().device;
        long more = device.sizeBytes() + (4 << 20);
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(2));
        bed().fillCluster(blob, 1, 5);
        long total = bed().on(store::totalClusters);
        await(store.growLive());
        assertThat(bed().<Long>on(store::totalClusters)).isEqualTo(total);
        Assumptions.assumeTrue(grow(device, more, blob), "the device cannot grow");
        await(store.growLive());
        long grown = bed().on(store::totalClusters);
        assertThat(grown).isEqualTo(total + (4 << 20) / CLUSTER);
        assertThat(bed().free(store)).isEqualTo(grown - 2);
        await(blob.resize(grown));
        bed().fillCluster(blob, grown - 1, 6);
        bed().close(blob);
        await(store.unload());
        store = bed().keep(Blobstore.grow(bed().app, bed().md, device.name(), OPTIONS));
        assertThat(bed().<Long>on(store::totalClusters)).isEqualTo(grown);
        blob = bed().open(store, blob.id());
        bed().assertCluster(blob, 1, 5);
        bed().assertCluster(blob, grown - 1, 6);
        bed().close(blob);
    }

    @Test
    default void growsNoFurtherThanItsMasks() throws Exception {
        Blobstore store =
                bed().init(OPTIONS.withClusterSize(BlobstoreOptions.PAGE_SIZE).withMetadataPages(64, 0));
        OptionalLong most = bed().on(store::maxGrowableSize);
        long total = bed().on(store::totalClusters);
        Assumptions.assumeTrue(most.isPresent(), "the store does not tell how far it can grow");
        Assumptions.assumeTrue(
                bed().devices.grow(bed().device, most.getAsLong() + (1 << 20)), "the device cannot grow");
        assertErrno(Errno.ENOSPC, store.growLive(), bed().device.name());
        assertThat(bed().<Long>on(store::totalClusters)).isEqualTo(total);
    }

    private boolean grow(Bdev device, long bytes, Blob open) throws Exception {
        if (bed().devices.grow(device, bytes)) {
            return true;
        }
        bed().close(open);
        return false;
    }
}
