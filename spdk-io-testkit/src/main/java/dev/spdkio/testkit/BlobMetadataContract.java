// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.assertErrno;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Blobs: created, opened, deleted, resized; their attributes. */
interface BlobMetadataContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    default void createsOpensAndDeletes() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        BlobId id = bed().create(store, BlobOptions.ofClusters(10));
        assertThat(id.isPlausible()).isTrue();
        assertThat(bed().free(store)).isEqualTo(free - 10);
        Blob blob = bed().open(store, id);
        assertThat(blob.id()).isEqualTo(id);
        assertThat(blob.store()).isSameAs(store);
        assertThat(blob.isOpen()).isTrue();
        assertThat(blob.clusters()).isEqualTo(10);
        assertThat(blob.ioUnits()).isEqualTo(10 * store.ioUnitsPerCluster());
        assertThat(blob.isReadOnly()).isFalse();
        bed().run(() -> {
            assertThat(blob.allocatedClusters()).isEqualTo(10);
            assertThat(blob.isThin()).isFalse();
            assertThat(blob.isSnapshot()).isFalse();
            assertThat(blob.isClone()).isFalse();
            assertThat(blob.isDegraded()).isFalse();
            assertThat(blob.externalSnapshot()).isEmpty();
        });
        assertErrno(Errno.EBUSY, store.deleteBlob(id), id.toString());
        bed().close(blob);
        await(store.deleteBlob(id));
        assertThat(bed().free(store)).isEqualTo(free);
        assertThat(bed().<List<BlobId>>on(store::blobIds)).isEmpty();
        assertErrno(
                Errno.ENOENT, store.openBlob(id), id.toString(), bed().device.name());
        assertErrno(Errno.ENOENT, store.deleteBlob(id), id.toString());
    }

    @Test
    default void knowsWhatItDoesNotHave() throws Exception {
        Blobstore store = bed().init();
        BlobId id = bed().create(store, BlobOptions.DEFAULT);
        for (long none : new long[] {id.value() + 1, id.value() & 0xFFFF_FFFFL, 1L << 32 | 0x7FFF_FFFFL, 0, 3L << 32}) {
            assertErrno(Errno.ENOENT, store.openBlob(new BlobId(none)), new BlobId(none).toString());
            assertErrno(Errno.ENOENT, store.deleteBlob(new BlobId(none)));
            assertErrno(Errno.ENOENT, store.inflate(new BlobId(none)));
        }
        assertThatThrownBy(() -> new BlobId(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    default void isOpenAsOftenAsItWasOpened() throws Exception {
        Blobstore store = bed().init();
        BlobId id = bed().create(store, BlobOptions.ofClusters(1));
        Blob first = bed().open(store, id);
        Blob second = bed().open(store, id);
        await(first.resize(4));
        bed().run(() -> second.setXattr("who", new byte[] {2}));
        assertThat(second.clusters()).isEqualTo(4);
        assertThat(bed().on(() -> first.xattr("who"))).containsExactly(2);
        bed().close(first);
        assertThat(first.isOpen()).isFalse();
        assertErrno(Errno.EBUSY, store.deleteBlob(id));
        bed().fillCluster(second, 3, 8);
        bed().assertCluster(second, 3, 8);
        bed().close(second);
        await(store.deleteBlob(id));
    }

    @Test
    default void opensAtOnceAreOpensOfOne() throws Exception {
        Blobstore store = bed().init();
        BlobId id = bed().create(store, BlobOptions.ofClusters(1));
        List<CompletableFuture<Blob>> opens = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            opens.add(store.openBlob(id, ClearMethod.UNMAP));
        }
        List<Blob> blobs = new ArrayList<>();
        for (CompletableFuture<Blob> o : opens) {
            blobs.add(await(o));
        }
        await(blobs.getFirst().resize(2));
        assertThat(blobs.getLast().clusters()).isEqualTo(2);
        bed().close(blobs.toArray(Blob[]::new));
        await(store.deleteBlob(id));
    }

    @Test
    default void manyAtOnceComeOut() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        List<CompletableFuture<BlobId>> creates = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            creates.add(store.createBlob(BlobOptions.ofClusters(1)));
        }
        List<BlobId> ids = new ArrayList<>();
        for (CompletableFuture<BlobId> c : creates) {
            ids.add(await(c));
        }
        assertThat(ids).doesNotHaveDuplicates();
        List<BlobId> sorted = new ArrayList<>(ids);
        Collections.sort(sorted);
        assertThat(bed().<List<BlobId>>on(store::blobIds)).isEqualTo(sorted);
        assertThat(bed().free(store)).isEqualTo(free - 100);
        List<CompletableFuture<Void>> deletes =
                ids.stream().map(store::deleteBlob).toList();
        for (CompletableFuture<Void> d : deletes) {
            await(d);
        }
        assertThat(bed().free(store)).isEqualTo(free);
    }

    @Test
    default void aDeletionAndAnOpeningAtOnceDoNotMeet() throws Exception {
        Blobstore store = bed().init();
        for (int i = 0; i < 20; i++) {
            BlobId id = bed().create(store, BlobOptions.ofClusters(1));
            CompletableFuture<Void> delete = store.deleteBlob(id);
            CompletableFuture<Blob> open = store.openBlob(id);
            try {
                Blob blob = await(open);
                assertErrno(Errno.EBUSY, delete);
                bed().close(blob);
                await(store.deleteBlob(id));
            } catch (SpdkException e) {
                assertThat(e.errno()).isIn(Errno.EBUSY, Errno.ENOENT);
                await(delete);
            }
        }
        assertThat(bed().<List<BlobId>>on(store::blobIds)).isEmpty();
    }

    @Test
    default void failedCreationsLeaveNothing() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        assertErrno(Errno.ENOSPC, store.createBlob(BlobOptions.ofClusters(free + 1)), String.valueOf(free + 1), "free");
        assertThat(bed().free(store)).isEqualTo(free);
        assertThat(bed().<List<BlobId>>on(store::blobIds)).isEmpty();
        BlobId all = bed().create(store, BlobOptions.ofClusters(free));
        assertErrno(Errno.ENOSPC, store.createBlob(BlobOptions.ofClusters(1)));
        BlobId thin = bed().create(store, BlobOptions.thin(1000 * free));
        assertThat(bed().<List<BlobId>>on(store::blobIds)).containsExactly(all, thin);
        await(store.deleteBlob(all));
        await(store.deleteBlob(thin));
        assertThat(bed().free(store)).isEqualTo(free);
    }

    // ---- sizes ----------------------------------------------------------------------------------------------------

    @Test
    default void growsAndShrinks() throws Exception {
        Blobstore store = bed().init();
        long free = bed().free(store);
        Blob blob = bed().blob(store, BlobOptions.DEFAULT);
        assertThat(blob.clusters()).isZero();
        await(blob.resize(5));
        assertThat(blob.clusters()).isEqualTo(5);
        assertThat(bed().free(store)).isEqualTo(free - 5);
        await(blob.resize(5));
        bed().fillCluster(blob, 0, 1);
        bed().fillCluster(blob, 2, 3);
        await(blob.resize(3));
        assertThat(blob.clusters()).isEqualTo(3);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        assertErrno(Errno.ENOSPC, blob.resize(free + 1), blob.id().toString());
        assertThat(blob.clusters()).isEqualTo(3);
        await(blob.resize(free));
        assertThat(bed().free(store)).isZero();
        await(blob.resize(3));
        bed().close(blob);
        store = bed().reload(store);
        assertThat(bed().free(store)).isEqualTo(free - 3);
        blob = bed().open(store, blob.id());
        bed().assertCluster(blob, 0, 1);
        bed().assertCluster(blob, 2, 3);
        await(blob.resize(0));
        assertThat(bed().free(store)).isEqualTo(free);
        bed().close(blob);
    }

    @Test
    default void growsThinly() throws Exception {
        for (boolean table : new boolean[] {true, false}) {
            Blobstore store = bed().init();
            long free = bed().free(store);
            Blob blob = bed().blob(store, BlobOptions.thin(2).withExtentTable(table));
            await(blob.resize(2000));
            assertThat(blob.clusters()).isEqualTo(2000);
            assertThat(bed().free(store)).isEqualTo(free);
            bed().fillCluster(blob, 1999, 4);
            bed().fillCluster(blob, 3, 5);
            assertThat(bed().free(store)).isEqualTo(free - 2);
            assertThat(bed().<Long>on(blob::allocatedClusters)).isEqualTo(2);
            bed().close(blob);
            store = bed().reload(store);
            blob = bed().open(store, blob.id());
            bed().assertCluster(blob, 1999, 4);
            bed().assertCluster(blob, 3, 5);
            bed().assertCluster(blob, 1000, 0);
            await(blob.resize(4));
            assertThat(bed().free(store)).isEqualTo(free - 1);
            bed().close(blob);
            await(store.unload());
        }
    }

    @Test
    default void oneResizeAtATime() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        List<CompletableFuture<Void>> resizes = new ArrayList<>();
        for (int i = 2; i < 12; i++) {
            resizes.add(blob.resize(i));
        }
        int done = 0;
        for (CompletableFuture<Void> r : resizes) {
            try {
                await(r);
                done++;
            } catch (SpdkException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.EBUSY);
            }
        }
        assertThat(done).isPositive();
        assertThat(blob.clusters()).isBetween(2L, 11L);
        bed().close(blob);
    }

    @Test
    default void becomesReadOnlyAtTheNextSync() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(2));
        bed().fillCluster(blob, 0, 6);
        bed().run(blob::setReadOnly);
        assertThat(blob.isReadOnly()).isFalse();
        bed().fillCluster(blob, 1, 7);
        await(blob.sync());
        assertThat(blob.isReadOnly()).isTrue();
        bed().run(blob::setReadOnly);
        await(blob.sync());
        assertThatThrownBy(() -> bed().fillCluster(blob, 1, 8))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("read-only", blob.id().toString());
        assertErrno(Errno.EPERM, blob.resize(3));
        assertThatThrownBy(() -> bed().run(() -> blob.setXattr("a", new byte[1])))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
        bed().assertCluster(blob, 1, 7);
        bed().close(blob);
        Blobstore again = bed().reload(store);
        Blob loaded = bed().open(again, blob.id());
        assertThat(loaded.isReadOnly()).isTrue();
        bed().assertCluster(loaded, 0, 6);
        bed().close(loaded);
        await(again.deleteBlob(loaded.id()));
    }

    // ---- attributes -----------------------------------------------------------------------------------------------

    @Test
    default void keepsAttributes() throws Exception {
        Blobstore store = bed().init();
        byte[] large = new byte[Xattrs.MAX_BYTES - "large".length()];
        java.util.Arrays.fill(large, (byte) 0xA5);
        Blob blob = bed().blob(
                        store,
                        BlobOptions.ofClusters(1)
                                .withXattr("first", new byte[] {1, 0, 2})
                                .withXattr("second", "text".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        bed().run(() -> {
            assertThat(blob.xattrNames()).containsExactly("first", "second");
            assertThat(blob.xattr("none")).isNull();
            blob.setXattr("large", large);
            blob.setXattr("first", new byte[] {3});
            for (int i = 0; i < 40; i++) {
                blob.setXattr("many" + i, new byte[500 + i]);
            }
            blob.removeXattr("second");
            blob.removeXattr("many7");
            assertThatThrownBy(() -> blob.removeXattr("many7"))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                    .hasMessageContaining("many7");
        });
        await(blob.sync());
        bed().close(blob);
        Blobstore again = bed().reload(store);
        Blob loaded = bed().open(again, blob.id());
        bed().run(() -> {
            assertThat(loaded.xattrNames()).hasSize(41).startsWith("first", "large", "many0");
            assertThat(loaded.xattr("first")).containsExactly(3);
            assertThat(loaded.xattr("large")).isEqualTo(large);
            assertThat(loaded.xattr("many39")).hasSize(539);
            assertThat(loaded.xattr("second")).isNull();
        });
        bed().close(loaded);
    }

    @Test
    default void unsyncedAttributesAreLostInACrash() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.DEFAULT);
        bed().run(() -> blob.setXattr("durable", new byte[] {1}));
        await(blob.sync());
        bed().run(() -> blob.setXattr("not yet", new byte[] {2}));
        Blobstore after = bed().crash(store, "BlobXattrs");
        Blob found = bed().open(after, blob.id());
        assertThat(bed().<List<String>>on(found::xattrNames)).containsExactly("durable");
        bed().close(found, blob);
    }

    @Test
    default void refusesAttributesThatCannotBe() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.DEFAULT);
        bed().run(() -> {
            for (String own : List.of("SNAP", "SNAPTMP", "SNAPRM", "EXTSNAP")) {
                assertThatThrownBy(() -> blob.setXattr(own, new byte[8]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(own);
            }
            assertThatThrownBy(() -> blob.setXattr("", new byte[1])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> blob.setXattr("a\0b", new byte[1])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> blob.setXattr("empty", new byte[0])).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> blob.setXattr("x", new byte[Xattrs.MAX_BYTES]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(Xattrs.MAX_BYTES));
            blob.setXattr("x", new byte[Xattrs.MAX_BYTES - 1]);
            assertThat(blob.xattrNames()).containsExactly("x");
        });
        assertThatThrownBy(() -> BlobOptions.DEFAULT.withXattr("SNAP", new byte[1]))
                .isInstanceOf(IllegalArgumentException.class);
        bed().close(blob);
    }
}
