// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static dev.spdkio.testkit.BlobBed.CLUSTER;
import static dev.spdkio.testkit.BlobBed.OPTIONS;
import static dev.spdkio.testkit.BlobBed.assertErrno;
import static dev.spdkio.testkit.BlobBed.assertMisuse;
import static dev.spdkio.testkit.BlobBed.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What is wrong is said, and harms nothing. */
interface BlobMisuseContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    default void metadataStaysOnItsThread() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        SpdkThread other = bed().thread("blob-other");
        List<Runnable> wrong = List.of(
                store::freeClusters,
                store::totalClusters,
                store::type,
                store::blobIds,
                () -> store.clones(blob.id()),
                () -> store.parentSnapshot(blob.id()),
                blob::allocatedClusters,
                () -> blob.nextAllocated(0),
                blob::isThin,
                blob::setReadOnly,
                blob::xattrNames,
                () -> blob.xattr("a"));
        for (Runnable r : wrong) {
            assertThatThrownBy(r::run)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining(bed().md.name());
            assertMisuse(
                    WrongThreadException.class,
                    other.call(() -> {
                        r.run();
                        return true;
                    }),
                    bed().md.name(),
                    other.name());
        }
        assertThatThrownBy(store::openChannel).isInstanceOf(WrongThreadException.class);
        // From elsewhere by futures.
        await(other.spawn("resize", () -> Task.await(blob.resize(2))).future());
        assertThat(blob.clusters()).isEqualTo(2);
        bed().close(blob);
    }

    @Test
    default void dataStaysOnItsThread() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        SpdkThread other = bed().thread("blob-data");
        BlobChannel channel = bed().channel(store, other);
        try (DmaBuf buf = bed().units(store, 1)) {
            assertMisuse(
                    WrongThreadException.class,
                    bed().md.call(() -> {
                        channel.submitWrite(blob, buf, 0, 1, (_, _) -> {}, null);
                        return true;
                    }),
                    other.name());
            assertThatThrownBy(() -> channel.read(blob, buf, 0, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("task");
            assertMisuse(
                    WrongThreadException.class,
                    bed().md
                            .spawn("wrong", () -> {
                                channel.read(blob, buf, 0, 1);
                                return true;
                            })
                            .future(),
                    other.name());
            await(channel.writeAsync(blob, buf, 0, 1));
        }
        channel.close();
        await(channel.closed());
        bed().close(blob);
    }

    @Test
    default void badRequestsAreRefusedBeforeTheyAreSubmitted() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(2));
        long units = blob.ioUnits();
        BlobChannel ch = bed().channel(store, bed().md);
        IoCompletion never = (_, _) -> {
            throw new AssertionError("called back");
        };
        try (DmaBuf buf = bed().units(store, 2);
                DmaBuf odd = bed().app.dmaPool().allocate(store.ioUnitSize() + 8)) {
            record Bad(Class<? extends Exception> type, Runnable call, String word) {}
            List<Bad> all = List.of(
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitRead(blob, buf, units, 1, never, null),
                            "" + units),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitRead(blob, buf, units - 1, 2, never, null),
                            "" + units),
                    new Bad(IllegalArgumentException.class, () -> ch.submitRead(blob, buf, -1, 1, never, null), "-1"),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitRead(blob, buf, 0, 0, never, null),
                            "0 io units"),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitRead(blob, buf, 1, Long.MAX_VALUE, never, null),
                            ""),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitWrite(blob, buf, 0, 3, never, null),
                            "too small"),
                    new Bad(IllegalArgumentException.class, () -> ch.submitUnmap(blob, units, 1, never, null), "unmap"),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitWriteZeroes(blob, 0, units + 1, never, null),
                            ""),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitWritev(blob, IoVec.of(odd), 0, never, null),
                            "multiple"),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitReadv(blob, IoVec.of(buf), units - 1, never, null),
                            ""),
                    new Bad(
                            IllegalArgumentException.class,
                            () -> ch.submitVector(IoType.UNMAP, blob, IoVec.of(buf), 0, never, null),
                            ""),
                    new Bad(
                            UnsupportedOperationException.class,
                            () -> ch.submit(IoType.RESET, blob, null, 0, 1, never, null),
                            "reset"));
            bed().run(() -> {
                for (Bad b : all) {
                    assertThatThrownBy(b.call()::run).isInstanceOf(b.type()).hasMessageContaining(b.word());
                }
                assertThat(ch.inFlight()).isZero();
            });
            assertMisuse(
                    IllegalArgumentException.class,
                    ch.readAsync(blob, buf, units, 1),
                    blob.id().toString());
            buf.close();
            bed().run(() -> assertThatThrownBy(() -> ch.submitRead(blob, buf, 0, 1, never, null))
                    .isInstanceOf(IllegalStateException.class));
        }
        ch.close();
        await(ch.closed());
        bed().close(blob);
    }

    @Test
    default void whatIsClosedIsClosed() throws Exception {
        Blobstore store = bed().init();
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        BlobChannel channel = bed().channel(store, bed().md);
        CompletableFuture<Void> first = blob.close();
        await(blob.close());
        await(first);
        await(blob.close());
        assertThat(blob.isOpen()).isFalse();
        try (DmaBuf buf = bed().units(store, 1)) {
            assertMisuse(
                    IllegalStateException.class,
                    channel.readAsync(blob, buf, 0, 1),
                    "closed",
                    blob.id().toString());
            assertMisuse(IllegalStateException.class, blob.resize(2), "closed");
            assertMisuse(IllegalStateException.class, blob.sync(), "closed");
            bed().run(() -> assertThatThrownBy(blob::xattrNames).isInstanceOf(IllegalStateException.class));
            channel.close();
            channel.close();
            await(channel.closed());
            assertThat(channel.isClosed()).isTrue();
            Blob again = bed().open(store, blob.id());
            assertMisuse(IllegalStateException.class, channel.readAsync(again, buf, 0, 1), "closed");
            bed().close(again);
        }
        BlobId id = blob.id();
        await(store.unload());
        assertThat(store.isLoaded()).isFalse();
        assertMisuse(IllegalStateException.class, store.unload(), "unloaded");
        assertMisuse(IllegalStateException.class, store.destroy(), "unloaded");
        assertMisuse(IllegalStateException.class, store.createBlob(BlobOptions.DEFAULT), "unloaded");
        assertMisuse(IllegalStateException.class, store.openBlob(id), "unloaded");
        assertMisuse(IllegalStateException.class, store.deleteBlob(id), "unloaded");
        assertMisuse(IllegalStateException.class, store.createSnapshot(id, Map.of()), "unloaded");
        assertMisuse(IllegalStateException.class, store.inflate(id), "unloaded");
        assertMisuse(IllegalStateException.class, store.superBlob(), "unloaded");
        assertMisuse(IllegalStateException.class, store.growLive(), "unloaded");
        assertMisuse(IllegalStateException.class, bed().md.call(store::openChannel), "unloaded");
        assertMisuse(IllegalStateException.class, bed().md.call(store::freeClusters), "unloaded");
    }

    @Test
    default void closingWaitsForWhatIsUnderWay() throws Exception {
        Blobstore store = bed().init();
        long per = store.ioUnitsPerCluster();
        Blob blob = bed().blob(store, BlobOptions.thin(32));
        SpdkThread other = bed().thread("blob-late");
        BlobChannel a = bed().channel(store, bed().md);
        BlobChannel b = bed().channel(store, other);
        int[] ended = new int[2];
        List<DmaBuf> bufs = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            DmaBuf buf = bed().units(store, per);
            buf.fill((byte) i);
            bufs.add(buf);
        }
        await(other.call(() -> {
            for (int i = 0; i < 32; i++) {
                b.submitWrite(blob, bufs.get(i), i * per, per, (s, _) -> ended[0] += s.isSuccess() ? 1 : 1000, null);
            }
            return true;
        }));
        CompletableFuture<Void> closed = bed().on(() -> {
            for (int i = 32; i < 64; i++) {
                a.submitRead(
                        blob, bufs.get(i), (i - 32) * per, per, (s, _) -> ended[1] += s.isSuccess() ? 1 : 1000, null);
            }
            return blob.close();
        });
        await(closed);
        assertThat(await(other.call(() -> ended[0]))).isEqualTo(32);
        assertThat(bed().<Integer>on(() -> ended[1])).isEqualTo(32);
        await(store.deleteBlob(blob.id()));
        bufs.forEach(DmaBuf::close);
        // Unloading closes channels.
        await(store.unload());
        assertThat(a.isClosed()).isTrue();
        await(b.closed());
    }

    @Test
    default void storesAreNotMixedUp() throws Exception {
        Bdev second = bed().device("BlobSecond");
        Blobstore one = bed().init();
        Blobstore two = bed().keep(Blobstore.init(bed().app, bed().md, second.name(), OPTIONS));
        Blob blob = bed().blob(two, BlobOptions.ofClusters(1));
        BlobChannel channel = bed().channel(one, bed().md);
        try (DmaBuf buf = bed().units(one, 1)) {
            assertMisuse(
                    IllegalArgumentException.class, channel.readAsync(blob, buf, 0, 1), "another store", second.name());
        }
        channel.close();
        await(channel.closed());
        bed().close(blob);
    }

    @Test
    default void optionsAreChecked() {
        List<Runnable> wrong = List.of(
                () -> OPTIONS.withClusterSize(0),
                () -> OPTIONS.withClusterSize(5000),
                () -> OPTIONS.withMetadataPages(-1, 0),
                () -> OPTIONS.withMetadataPages(0, 6000),
                () -> OPTIONS.withMetadataPages(0, 2 * CLUSTER),
                () -> OPTIONS.withLimits(0, 1),
                () -> OPTIONS.withLimits(1, 0),
                () -> OPTIONS.withType("seventeen letters"),
                () -> BlobOptions.ofClusters(-1),
                () -> BlobOptions.ofClusters(1L << 32));
        for (Runnable r : wrong) {
            assertThatThrownBy(r::run).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(BlobstoreOptions.DEFAULT.clusterSize()).isEqualTo(1 << 20);
    }

    @Test
    default void externalSnapshotsMustBeAskedFor() throws Exception {
        Bdev external = bed().device("BlobExternal");
        Blobstore store = bed().init();
        BlobId id = bed().create(store, BlobOptions.thin(1));
        assertThatThrownBy(() -> store.createBlob(BlobOptions.thin(1).withExternalSnapshot(external.name())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("withExternalSnapshots");
        assertThatThrownBy(() -> store.setExternalParent(id, external.name()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("withExternalSnapshots");
        await(store.unload());
        Blobstore with = bed().load(bed().device, OPTIONS.withExternalSnapshots());
        assertErrno(
                Errno.ENODEV, with.createBlob(BlobOptions.thin(1).withExternalSnapshot("NoSuchBdev")), "NoSuchBdev");
    }

    @Test
    default void theWordOfARemovalComes() throws Exception {
        Bdev doomed = bed().device("BlobDoomed");
        Blobstore store = bed().keep(Blobstore.init(bed().app, bed().md, doomed.name(), OPTIONS));
        Blob blob = bed().blob(store, BlobOptions.ofClusters(1));
        assertThat(store.deviceRemoved()).isNotDone();
        CompletableFuture<Void> removal = CompletableFuture.runAsync(() -> {
            try {
                bed().devices.remove(doomed);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await(store.deviceRemoved());
        bed().close(blob);
        try {
            await(store.unload());
        } catch (dev.spdkio.error.SpdkException e) {
            assertThat(e.errno()).isEqualTo(Errno.EIO);
        }
        assertThat(store.isLoaded()).isFalse();
        await(removal);
    }
}
