// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes snapshots and clones, and deletes blobs. In operations.
 *
 * <p>A snapshot takes the map of its blob, which then stands on it. On the device it says whose it is until the blob
 * says that it stands on it; so either is found after a crash, and {@link Recovery} knows which. A snapshot that is
 * removed gives its map to its only clone, and says so before.
 */
final class Snapshots {
    private static final Logger LOG = System.getLogger(Snapshots.class.getName());

    private Snapshots() {}

    static void checkFree(BlobState blob, String what) throws SpdkException {
        if (blob.locked != null) {
            throw Failures.of(Errno.EBUSY, what, blob + " is being " + blob.locked + ": wait for that");
        }
    }

    // ---- a snapshot -------------------------------------------------------------------------------------------------

    static CompletableFuture<Long> snapshot(BlobState blob, String what, Map<String, byte[]> xattrs) {
        return Steps.begin(() -> {
            if (blob.metadataReadOnly) {
                throw Failures.of(Errno.EINVAL, what, blob + " is read-only: make a clone");
            }
            checkFree(blob, what);
            // What is cut off, and what is not written yet, is not the snapshot's.
            CompletableFuture<Void> settled = blob.dirty ? Persist.write(blob, true) : Steps.done();
            return settled.thenCompose(_ -> Steps.begin(() -> new Making(blob, what, xattrs).run()));
        });
    }

    /** One snapshot. */
    private static final class Making {
        private final Store store;
        private final BlobState blob;
        private final BlobState snapshot;
        private final BlobRecord before;
        private final @Nullable Backing below;

        Making(BlobState blob, String what, Map<String, byte[]> xattrs) throws SpdkException {
            this.store = blob.store;
            this.blob = blob;
            this.before = blob.record;
            this.below = blob.backing();
            this.snapshot = Creation.begin(store, what, before.extentPages != null, true, xattrs);
            snapshot.setInternal(BlobState.SNAPSHOT_BEING_MADE, blob.id);
            Creation.resize(snapshot, what, before.clusters);
            snapshot.clearMethod = blob.clearMethod;
        }

        CompletableFuture<Long> run() {
            return Creation.write(snapshot)
                    .thenCompose(_ -> Steps.undo(swap(), this::swapBack))
                    .thenCompose(_ -> Steps.undo(Persist.write(blob, true), this::swapBack))
                    .thenCompose(_ -> {
                        store.relations.set(snapshot.id, store.relations.parent(blob.id));
                        store.relations.set(blob.id, snapshot.id);
                        snapshot.removeInternal(BlobState.SNAPSHOT_BEING_MADE);
                        snapshot.record.dataReadOnlyFlags |= BlobRecord.READ_ONLY;
                        return Steps.after(Persist.write(snapshot, true), this::made);
                    })
                    .thenApply(_ -> snapshot.id);
        }

        /** The blob stands on it durably: it is there, and if it is not written as it is, it will be. */
        private CompletableFuture<Void> made(@Nullable Void ignored, @Nullable Throwable failure) {
            if (failure != null) {
                LOG.log(Level.WARNING, snapshot + " could not be written: " + failure.getMessage());
                snapshot.readOnly = true;
                snapshot.metadataReadOnly = true;
            }
            return Steps.done();
        }

        /** The snapshot gets all, and the blob stands on it: writes find nothing, and wait for the next operation. */
        private CompletableFuture<Void> swap() {
            exchange();
            snapshot.record.invalidFlags = before.invalidFlags | BlobRecord.INTERNAL_XATTRS;
            snapshot.record.metadataReadOnlyFlags |= before.metadataReadOnlyFlags;
            byte[] external = before.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT);
            long parent = store.relations.parent(blob.id);
            if (external != null) {
                snapshot.setInternal(BlobState.EXTERNAL_SNAPSHOT, external);
            } else if (parent != Store.NONE) {
                snapshot.setInternal(BlobState.SNAPSHOT, parent);
            }
            snapshot.publish(below);
            blob.publish(snapshot); // which keeps the use that made it
            return store.fence().thenCompose(_ -> Persist.write(snapshot, true)).thenRun(() -> {
                blob.setParent(snapshot.id);
                blob.record.invalidFlags |= BlobRecord.THIN;
            });
        }

        private void exchange() {
            int[] map = before.map;
            before.map = snapshot.record.map;
            snapshot.record.map = map;
            int[] extents = before.extentPages;
            before.extentPages = snapshot.record.extentPages;
            snapshot.record.extentPages = extents;
        }

        /** As before; what the device has of the snapshot is removed, at the latest when it is recovered. */
        private CompletableFuture<Void> swapBack() {
            exchange();
            byte[] external = snapshot.record.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT);
            blob.setParent(store.relations.parent(blob.id));
            if (external != null) {
                blob.setExternal(external);
            }
            if ((snapshot.record.invalidFlags & BlobRecord.THIN) == 0) {
                before.invalidFlags &= ~BlobRecord.THIN;
            }
            blob.publish(below);
            snapshot.publish(null);
            blob.dirty = true;
            return Persist.write(blob, true)
                    .thenCompose(_ -> Persist.erase(snapshot))
                    .whenComplete((_, _) -> Creation.forget(snapshot));
        }
    }

    // ---- a clone ----------------------------------------------------------------------------------------------------

    /** The clone takes a use of its parent, if it stays in memory. */
    static CompletableFuture<Long> clone(BlobState parent, String what, Map<String, byte[]> xattrs) {
        return Steps.begin(() -> {
            if (!parent.metadataReadOnly) {
                throw Failures.of(Errno.EINVAL, what, parent + " is not read-only: make a snapshot of it first");
            }
            checkFree(parent, what);
            Store store = parent.store;
            BlobState clone = Creation.begin(store, what, parent.record.extentPages != null, true, xattrs);
            clone.setInternal(BlobState.SNAPSHOT, parent.id);
            Creation.resize(clone, what, parent.record.clusters);
            return Creation.write(clone).thenApply(_ -> {
                store.relations.set(clone.id, parent.id);
                store.release(clone);
                return clone.id;
            });
        });
    }

    // ---- the end of a blob ------------------------------------------------------------------------------------------

    /** A snapshot that could not be removed has lost to its clone what it had. */
    static void checkWhole(BlobState blob, String what) throws SpdkException {
        if (blob.record.internalXattrs.containsKey(BlobState.SNAPSHOT_BEING_REMOVED)) {
            throw Failures.of(Errno.EBUSY, what, "it could not be deleted in full: delete it again");
        }
    }

    /** Whether a blob may go, by those who use it. */
    static void checkUnused(BlobState blob, String what) throws SpdkException {
        if (blob.openings > 0) {
            throw Failures.of(Errno.EBUSY, what, "it is open " + blob.openings + " times: close it first");
        }
        int clones = blob.store.relations.clones(blob.id).size();
        if (clones > 1) {
            throw Failures.of(Errno.EBUSY, what, "it has " + clones + " clones: delete or decouple all but one");
        }
        checkFree(blob, what);
    }

    static CompletableFuture<Void> delete(BlobState blob) {
        return Persist.erase(blob);
    }

    /** Deletes a snapshot with one clone. */
    static CompletableFuture<Void> merge(BlobState snapshot, BlobState clone, String what) {
        return Steps.begin(() -> {
            checkFree(clone, what);
            CompletableFuture<Void> settled = clone.dirty ? Persist.write(clone, true) : Steps.done();
            return settled.thenCompose(_ -> Allocation.fill(clone, hidden(snapshot, clone)))
                    .thenCompose(_ -> new Merging(snapshot, clone).run());
        });
    }

    /** Where a clone is larger than its snapshot, it shows zeroes, and not what the snapshot stands on. */
    private static int[] hidden(BlobState snapshot, BlobState clone) {
        return IntStream.range(snapshot.record.clusters, clone.record.clusters)
                .filter(i -> clone.record.map[i] == 0 && snapshot.view.hides(i))
                .toArray();
    }

    /** A snapshot that goes into its clone. */
    private static final class Merging {
        private final Store store;
        private final BlobState snapshot;
        private final BlobState clone;
        private final int[] mapBefore;
        private final int @Nullable [] extentsBefore;

        Merging(BlobState snapshot, BlobState clone) {
            this.store = snapshot.store;
            this.snapshot = snapshot;
            this.clone = clone;
            this.mapBefore = clone.record.map;
            this.extentsBefore = clone.record.extentPages;
        }

        CompletableFuture<Void> run() {
            snapshot.setInternal(BlobState.SNAPSHOT_BEING_REMOVED, clone.id);
            return Steps.undo(
                            Persist.write(snapshot, true).thenCompose(_ -> {
                                merge();
                                return Persist.write(clone, true);
                            }),
                            this::undo)
                    .thenCompose(_ -> {
                        Backing below = snapshot.backing();
                        if (below instanceof BlobState parent) {
                            parent.uses++;
                        }
                        clone.publish(below);
                        if (below instanceof ExternalDevice) {
                            snapshot.publish(null); // it is the clone's now
                        }
                        store.relations.set(clone.id, store.relations.parent(snapshot.id));
                        store.release(snapshot); // the clone's use
                        return store.fence();
                    })
                    .thenCompose(_ -> {
                        letClonesGo();
                        return Persist.erase(snapshot);
                    });
        }

        /** Data threads see the old map until the new one is durable: what is shared must not be written. */
        private void merge() {
            BlobRecord from = snapshot.record;
            BlobRecord to = clone.record;
            int[] map = mapBefore.clone();
            int common = Math.min(from.clusters, to.clusters);
            for (int i = 0; i < common; i++) {
                map[i] = map[i] == 0 ? from.map[i] : map[i];
            }
            to.map = map;
            int[] theirs = from.extentPages;
            int[] ours = extentsBefore;
            if (ours != null && theirs != null) {
                ours = ours.clone();
                for (int i = 0; i < BlobRecord.extentPages(common); i++) {
                    if (theirs[i] != 0 && ours[i] == 0) {
                        ours[i] = theirs[i];
                        int end = (i + 1) * BlobRecord.EXTENTS_PER_PAGE;
                        if (Math.min(end, to.clusters) > Math.min(end, from.clusters)) {
                            clone.dirtyExtents.set(i); // it says too little
                        }
                    } else if (theirs[i] != 0) {
                        clone.dirtyExtents.set(i);
                    }
                }
                to.extentPages = ours;
            } else if (ours != null) {
                addExtents(ours.clone(), common);
            }
            byte[] external = from.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT);
            if (external != null) {
                clone.setExternal(external);
            } else {
                clone.setParent(store.relations.parent(snapshot.id));
            }
        }

        /** The snapshot's map has no pages, but the clone's. */
        private void addExtents(int[] ours, int common) {
            for (int i = 0; i < common; i++) {
                int extent = i / BlobRecord.EXTENTS_PER_PAGE;
                if (snapshot.record.map[i] != 0) {
                    if (ours[extent] == 0) {
                        ours[extent] = Math.max(0, store.space.claimPage(1));
                    }
                    clone.dirtyExtents.set(extent);
                }
            }
            clone.record.extentPages = ours;
        }

        /** What the clone has now is not the snapshot's to give back. */
        private void letClonesGo() {
            int[] map = snapshot.record.map;
            for (int i = 0; i < Math.min(map.length, clone.record.map.length); i++) {
                if (map[i] == clone.record.map[i]) {
                    map[i] = 0;
                }
            }
            int[] theirs = snapshot.record.extentPages;
            int[] ours = clone.record.extentPages;
            for (int i = 0; theirs != null && ours != null && i < Math.min(theirs.length, ours.length); i++) {
                if (theirs[i] == ours[i]) {
                    theirs[i] = 0;
                }
            }
        }

        private CompletableFuture<Void> undo() {
            int[] now = clone.record.extentPages;
            clone.record.map = mapBefore;
            clone.record.extentPages = extentsBefore;
            if (now != null && extentsBefore != null && snapshot.record.extentPages == null) {
                Arrays.stream(now)
                        .filter(p -> p != 0 && !contains(extentsBefore, p))
                        .forEach(clone.limboPages::set);
            }
            clone.setParent(snapshot.id);
            for (int i = 0; extentsBefore != null && i < extentsBefore.length; i++) {
                clone.dirtyExtents.set(i);
            }
            clone.dirty = true;
            return Persist.write(clone, true).thenCompose(_ -> {
                snapshot.removeInternal(BlobState.SNAPSHOT_BEING_REMOVED);
                return Persist.write(snapshot, true);
            });
        }

        private static boolean contains(int[] pages, int page) {
            return Arrays.stream(pages).anyMatch(p -> p == page);
        }
    }
}
