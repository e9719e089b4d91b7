// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.MalformedMetadataException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Takes up the blobs of a store: from its masks, if it was unloaded, else from its metadata pages. Snapshots that were
 * being made or removed are made or removed in full. A blob that is damaged is set aside.
 */
final class Recovery {
    private static final Logger LOG = System.getLogger(Recovery.class.getName());

    private Recovery() {}

    /** Fills a store that knows its super block only. */
    static CompletableFuture<Void> load(Store store) {
        Census census = new Census(store, Census.Witness.NONE);
        return readMasks(store, census)
                .thenCompose(known -> known ? census.ofMasks() : rebuild(store, census))
                .thenCompose(_ -> completeHalves(store, census.halves()))
                .thenRun(() -> {
                    census.checkParents();
                    store.damaged
                            .values()
                            .forEach(why -> LOG.log(Level.WARNING, "{0}: {1}; it is set aside", store, why));
                });
    }

    /** Whether the masks of a store count, if they can be read. */
    static boolean trustsMasks(Store store) {
        return store.superBlock().clean() && store.superBlock().blobMask().length() != 0;
    }

    private static CompletableFuture<Boolean> readMasks(Store store, Census census) {
        if (!trustsMasks(store) || store.options.forceRecovery()) {
            return CompletableFuture.completedFuture(false);
        }
        return Steps.after(census.readMasks(), (_, failure) -> {
            if (failure instanceof MalformedMetadataException) {
                LOG.log(Level.WARNING, "{0}: {1}; it is recovered", store, failure.getMessage());
                return CompletableFuture.completedFuture(false);
            }
            return Steps.ended(failure).thenApply(_ -> true);
        });
    }

    private static CompletableFuture<Void> rebuild(Store store, Census census) {
        LOG.log(Level.INFO, "{0} was not unloaded, and is recovered", store);
        return census.ofPages(new BitSet(), Set.of())
                .thenCompose(_ -> store.markDirty())
                .thenCompose(_ -> store.writeMasks());
    }

    // ---- snapshots that were being made or removed ------------------------------------------------------------------

    static CompletableFuture<Void> completeHalves(Store store, List<Census.Half> halves) {
        return Steps.each(halves.size(), i -> complete(store, halves.get(i)));
    }

    private static CompletableFuture<Void> complete(Store store, Census.Half half) {
        return new Loader(store, half.snapshot())
                .read()
                .thenCompose(snapshot -> new Loader(store, half.cloneId())
                        .read()
                        .thenCompose(clone -> {
                            LOG.log(Level.INFO, "{0}: {1} was half made or half removed", store, snapshot);
                            return half.stays() ? keep(snapshot, clone) : drop(snapshot, clone);
                        }));
    }

    /** The clone stands on it, and may have been given what is the snapshot's. */
    private static CompletableFuture<Void> keep(BlobState snapshot, BlobState clone) {
        boolean changed = separate(clone.record, snapshot.record, clone.dirtyExtents);
        CompletableFuture<Void> first = changed ? Persist.write(clone, true) : Steps.done();
        return first.thenCompose(_ -> {
            snapshot.removeInternal(BlobState.SNAPSHOT_BEING_MADE);
            snapshot.removeInternal(BlobState.SNAPSHOT_BEING_REMOVED);
            snapshot.record.dataReadOnlyFlags |= BlobRecord.READ_ONLY;
            return Persist.write(snapshot, true);
        });
    }

    /** The clone does not stand on it: it goes, without what is the clone's. */
    private static CompletableFuture<Void> drop(BlobState snapshot, BlobState clone) {
        separate(snapshot.record, clone.record, snapshot.dirtyExtents);
        return Persist.erase(snapshot);
    }

    /** Takes from one what another has at the same place. */
    private static boolean separate(BlobRecord from, BlobRecord other, BitSet dirtyExtents) {
        boolean changed = false;
        for (int i = 0; i < Math.min(from.clusters, other.clusters); i++) {
            if (from.map[i] != 0 && from.map[i] == other.map[i]) {
                from.map[i] = 0;
                dirtyExtents.set(i / BlobRecord.EXTENTS_PER_PAGE);
                changed = true;
            }
        }
        int[] pages = from.extentPages;
        int[] others = other.extentPages;
        for (int i = 0; pages != null && others != null && i < Math.min(pages.length, others.length); i++) {
            if (pages[i] != 0 && pages[i] == others[i]) {
                pages[i] = 0;
                changed = true;
            }
        }
        return changed;
    }
}
