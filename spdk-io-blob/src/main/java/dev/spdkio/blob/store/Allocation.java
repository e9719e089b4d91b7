// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Gives clusters to thin blobs at their first write, with what was seen there before, and takes those back that are
 * unmapped. All requests that wait for a blob are served at once, so that its metadata is written once for them.
 *
 * <p>Thread rule: the metadata thread.
 */
final class Allocation {
    private static final Logger LOG = System.getLogger(Allocation.class.getName());

    /** Who waits for a place of the map. */
    interface Waiter {
        /**
         * It is as was wished, or could not be made so. On the metadata thread.
         *
         * @param kept whether a cluster could not be given back, and is to be unmapped where it is
         */
        void served(IoStatus status, boolean kept);
    }

    /**
     * A wish.
     *
     * @param release whether the cluster is to be given back, and not to be had
     * @param zero whether what nobody wrote must read as zeroes, whatever the device has there
     */
    record Want(int place, boolean release, boolean zero, Waiter waiter) {}

    private Allocation() {}

    /** Asks for a place; {@code queue} runs operations. */
    static void ask(BlobState blob, Want want, java.util.function.Consumer<Steps.Step<Void>> queue) {
        blob.wants.add(want);
        if (!blob.allocating) {
            blob.allocating = true;
            queue.accept(() -> {
                List<Want> all = new ArrayList<>(blob.wants);
                blob.wants.clear();
                blob.allocating = false;
                return serve(blob, all);
            });
        }
    }

    /** The operation could not be begun. */
    static void refuse(BlobState blob, Throwable why) {
        List<Want> all = new ArrayList<>(blob.wants);
        blob.wants.clear();
        LOG.log(Level.WARNING, "clusters of " + blob + ": " + why.getMessage());
        all.forEach(w -> w.waiter.served(IoStatus.aio(Errno.ENOMEM), false));
    }

    /** In an operation. Does not fail; waiters hear of failures. */
    static CompletableFuture<Void> serve(BlobState blob, List<Want> wants) {
        List<Want> releases = wants.stream().filter(Want::release).toList();
        List<Want> takes = wants.stream().filter(w -> !w.release).toList();
        return take(blob, takes).thenCompose(_ -> giveBack(blob, releases));
    }

    /** Gives a blob clusters at places where it has none, with what is seen there. In an operation. */
    static CompletableFuture<Void> fill(BlobState blob, int[] places) {
        List<Want> wants = new ArrayList<>();
        IoStatus[] worst = {IoStatus.SUCCESS};
        for (int place : places) {
            wants.add(new Want(place, false, true, (status, _) -> worst[0] = status.isSuccess() ? worst[0] : status));
        }
        return serve(blob, wants)
                .thenCompose(_ -> Steps.begin(() -> {
                    if (!worst[0].isSuccess()) {
                        throw worst[0].toException("giving clusters to " + blob);
                    }
                    return Steps.done();
                }));
    }

    private static CompletableFuture<Void> tell(BlobState blob, CompletableFuture<Void> step, List<Want> wants) {
        return Steps.after(step, (_, failure) -> {
            IoStatus status = IoStatus.SUCCESS;
            if (failure != null) {
                LOG.log(Level.WARNING, "clusters of " + blob + ": " + failure.getMessage());
                status = IoStatus.aio(failure instanceof SpdkException e ? e.errno() : Errno.EIO);
            }
            for (Want w : wants) {
                w.waiter.served(status, false);
            }
            return Steps.done();
        });
    }

    // ---- taking -----------------------------------------------------------------------------------------------------

    private static CompletableFuture<Void> take(BlobState blob, List<Want> wants) {
        if (wants.isEmpty()) {
            return Steps.done();
        }
        Store store = blob.store;
        BlobRecord record = blob.record;
        BitSet places = new BitSet();
        BitSet zeroes = new BitSet();
        List<Want> served = new ArrayList<>();
        List<Want> refused = new ArrayList<>();
        int[] extents = record.extentPages;
        BitSet newExtents = new BitSet();
        for (Want w : wants) {
            boolean open = w.place < record.clusters && record.map[w.place] == 0 && !places.get(w.place);
            int extent = w.place / BlobRecord.EXTENTS_PER_PAGE;
            boolean newExtent = open && extents != null && extents[extent] == 0 && !newExtents.get(extent);
            if (open
                    && (store.space.freeClusters() <= places.cardinality()
                            || (newExtent && store.space.freePages() <= newExtents.cardinality()))) {
                refused.add(w);
                continue;
            }
            if (open) {
                places.set(w.place);
                zeroes.set(w.place, w.zero);
                newExtents.set(extent, newExtents.get(extent) || newExtent);
            }
            served.add(w);
        }
        refused.forEach(w -> w.waiter.served(IoStatus.aio(Errno.ENOSPC), false));
        return tell(blob, places.isEmpty() ? Steps.done() : new Taking(blob, places, zeroes, newExtents).run(), served);
    }

    /** Clusters for some places. */
    private static final class Taking {
        private final Store store;
        private final BlobState blob;
        private final BlobRecord record;
        private final int[] places;
        private final int[] clusters;
        private final BitSet zeroes;
        private final int[] extents;
        private final BitSet newExtents;
        private final int[] newPages;
        private boolean copied;

        Taking(BlobState blob, BitSet places, BitSet zeroes, BitSet newExtents) {
            this.store = blob.store;
            this.blob = blob;
            this.record = blob.record;
            this.places = places.stream().toArray();
            this.clusters = new int[this.places.length];
            this.zeroes = zeroes;
            this.newExtents = newExtents;
            this.extents = places.stream()
                    .map(p -> p / BlobRecord.EXTENTS_PER_PAGE)
                    .distinct()
                    .toArray();
            this.newPages = new int[record.extentPages == null ? 0 : record.extentPages.length];
        }

        CompletableFuture<Void> run() {
            for (int i = 0; i < places.length; i++) {
                clusters[i] = store.space.claimCluster();
                int extent = places[i] / BlobRecord.EXTENTS_PER_PAGE;
                if (newExtents.get(extent) && newPages[extent] == 0) {
                    newPages[extent] = store.space.claimPage(1);
                    if (newPages[extent] < 0) { // page 0 is the only one left
                        newPages[extent] = 0;
                        giveBackClaims(i);
                        return CompletableFuture.failedFuture(Failures.noPages("writing " + blob));
                    }
                }
            }
            CompletableFuture<Void> content = store.markDirty()
                    .thenCompose(_ -> Steps.each(places.length, 4, this::fill))
                    .thenCompose(_ -> copied ? store.device.barrier() : Steps.done());
            return Steps.after(content, (_, failure) -> {
                if (failure != null) {
                    giveBackClaims(places.length - 1);
                    return Steps.ended(failure);
                }
                return map();
            });
        }

        /** What was copied into a cluster is cleared before others have it. */
        private void giveBackClaims(int last) {
            for (int i = 0; i <= last; i++) {
                if (copied) {
                    blob.limboClusters.set(clusters[i]);
                    blob.dirty = true;
                } else {
                    store.space.releaseCluster(clusters[i]);
                }
            }
            for (int p : newPages) {
                if (p != 0) {
                    store.space.releasePage(p);
                }
            }
        }

        /** Gives a new cluster what was seen at its place. */
        private CompletableFuture<Void> fill(int i) {
            long to = store.clusterOffset(clusters[i]);
            Source source = Source.find(blob.backing(), places[i]);
            if (source == null) {
                if (!zeroes.get(places[i])) {
                    return Steps.done(); // it was cleared when it was given back
                }
                copied = true;
                return store.device.zero(to, store.clusterSize);
            }
            copied = true;
            return store.device.with(
                    store.clusterSize, buf -> source.read(store, buf).thenCompose(_ -> store.device.write(buf, to)));
        }

        private CompletableFuture<Void> map() {
            // Whoever sees a cluster writes to it at once: it must not be lost again.
            blob.comingPlaces = places;
            blob.comingClusters = clusters;
            int[] pages = record.extentPages;
            for (int e = newExtents.nextSetBit(0); e >= 0 && pages != null; e = newExtents.nextSetBit(e + 1)) {
                pages[e] = newPages[e];
            }
            CompletableFuture<Void> written = pages == null ? Persist.write(blob, false) : writeExtents();
            return written.whenComplete((_, failure) -> {
                blob.comingPlaces = new int[0];
                if (failure != null) {
                    undo();
                    return;
                }
                for (int i = 0; i < places.length; i++) {
                    record.map[places[i]] = clusters[i];
                }
            });
        }

        private CompletableFuture<Void> writeExtents() {
            int clustersOnDevice = Math.max(record.clusters, Math.min(blob.durableClusters, record.map.length));
            CompletableFuture<Void> all = Steps.each(
                    extents.length, Persist.AT_ONCE, i -> Persist.extent(blob, extents[i], clustersOnDevice));
            return newExtents.isEmpty() ? all : all.thenCompose(_ -> Persist.write(blob, false));
        }

        /** What may be on the device is not anybody's until a sync has written what is right. */
        private void undo() {
            for (int c : clusters) {
                blob.limboClusters.set(c);
            }
            for (int e : extents) {
                blob.dirtyExtents.set(e);
            }
            int[] pages = record.extentPages;
            for (int e = newExtents.nextSetBit(0); e >= 0 && pages != null; e = newExtents.nextSetBit(e + 1)) {
                blob.limboPages.set(pages[e]);
                pages[e] = 0;
            }
            blob.dirty = true;
        }
    }

    /** Where what is seen at a place is: a cluster of the store, or a device. */
    record Source(int cluster, @Nullable ExternalDevice device, int place) {
        static @Nullable Source find(@Nullable Backing backing, int place) {
            Backing at = backing;
            while (at instanceof BlobState parent) {
                View v = parent.view;
                if (place >= v.clusters) {
                    return null;
                }
                if (v.map[place] != 0) {
                    return new Source(v.map[place], null, place);
                }
                at = v.backing;
            }
            return at instanceof ExternalDevice d ? new Source(0, d, place) : null;
        }

        CompletableFuture<Void> read(Store store, DmaBuf buf) {
            ExternalDevice d = device;
            if (d == null) {
                return store.device.read(buf, store.clusterOffset(cluster));
            }
            return d.read(buf, place * store.clusterSize);
        }
    }

    // ---- giving back ------------------------------------------------------------------------------------------------

    private static CompletableFuture<Void> giveBack(BlobState blob, List<Want> wants) {
        // Since it was wished for, it may have got a snapshot, which would be seen again, or all its clusters, which it
        // keeps; or it is getting those.
        if (!blob.isThin() || blob.backing() != null || blob.locked != null) {
            wants.forEach(w -> w.waiter.served(IoStatus.SUCCESS, true));
            return Steps.done();
        }
        BlobRecord record = blob.record;
        BitSet clusters = new BitSet();
        BitSet extents = new BitSet();
        for (Want w : wants) {
            if (w.place < record.clusters && record.map[w.place] != 0) {
                clusters.set(record.map[w.place]);
                record.map[w.place] = 0;
                extents.set(w.place / BlobRecord.EXTENTS_PER_PAGE);
            }
        }
        if (clusters.isEmpty()) {
            return tell(blob, Steps.done(), wants);
        }
        Store store = blob.store;
        int[] pages = extents.stream().toArray();
        int onDevice = Math.max(record.clusters, Math.min(blob.durableClusters, record.map.length));
        CompletableFuture<Void> written = record.extentPages == null
                ? Persist.write(blob, true)
                : store.markDirty()
                        .thenCompose(_ -> Steps.each(
                                pages.length, Persist.AT_ONCE, i -> Persist.extent(blob, pages[i], onDevice)))
                        .thenCompose(_ -> store.device.barrier());
        CompletableFuture<Void> given = written.thenCompose(_ -> clear(blob, clusters))
                .thenRun(() -> clusters.stream().forEach(store.space::releaseCluster))
                .whenComplete((_, failure) -> {
                    if (failure != null) {
                        blob.limboClusters.or(clusters);
                        blob.dirtyExtents.or(extents);
                        blob.dirty = true;
                    }
                });
        return tell(blob, given, wants);
    }

    /** Whoever unmaps wants them unmapped, whatever is done with others. */
    private static CompletableFuture<Void> clear(BlobState blob, BitSet clusters) {
        ClearMethod before = blob.clearMethod;
        if (before == ClearMethod.NONE) {
            blob.clearMethod = ClearMethod.UNMAP;
        }
        return Persist.clear(blob, clusters).whenComplete((_, _) -> blob.clearMethod = before);
    }
}
