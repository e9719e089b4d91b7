// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.MalformedMetadataException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
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
        return ofMasks(store)
                .thenCompose(
                        known -> known.isPresent() ? CompletableFuture.completedFuture(known.get()) : rebuild(store))
                .thenCompose(census -> completeHalves(store, census.halves()).thenRun(() -> {
                    census.checkParents();
                    store.space.pages.or(census.missing()); // when nothing is given up any more
                    store.damaged
                            .values()
                            .forEach(why -> LOG.log(Level.WARNING, "{0}: {1}; it is set aside", store, why));
                }));
    }

    /** Whether the masks of a store count, if they can be read. */
    static boolean trustsMasks(Store store) {
        return store.superBlock().clean() && store.superBlock().blobMask().length() != 0;
    }

    /** Nothing, if the masks are not to be believed. */
    private static CompletableFuture<Optional<Census>> ofMasks(Store store) {
        if (!trustsMasks(store) || store.options.forceRecovery()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        Census census = new Census(store, Census.Witness.NONE);
        return Steps.after(census.readMasks(), (_, failure) -> {
            if (failure instanceof MalformedMetadataException) {
                LOG.log(Level.WARNING, "{0}: {1}; it is recovered", store, failure.getMessage());
                return CompletableFuture.completedFuture(Optional.empty());
            }
            return Steps.ended(failure).thenCompose(_ -> census.ofMasks()).thenApply(free -> {
                if (free.isEmpty()) {
                    return Optional.of(census);
                }
                LOG.log(Level.WARNING, "{0}: the masks call {1} free that blobs have", store, free);
                return Optional.empty();
            });
        });
    }

    private static CompletableFuture<Census> rebuild(Store store) {
        LOG.log(Level.INFO, "{0} was not unloaded, and is recovered", store);
        Census census = new Census(store, Census.Witness.NONE);
        return census.ofPages(new BitSet(), Set.of())
                .thenCompose(_ -> store.markDirty())
                .thenCompose(_ -> store.writeMasks())
                .thenApply(_ -> census);
    }

    // ---- snapshots that were being made or removed ------------------------------------------------------------------

    static CompletableFuture<Void> completeHalves(Store store, List<Census.Half> halves) {
        return Steps.each(halves.size(), i -> complete(store, halves.get(i)));
    }

    private static CompletableFuture<Void> complete(Store store, Census.Half half) {
        Loader loader = new Loader(store, half.snapshot());
        return loader.read().thenCompose(snapshot -> {
            LOG.log(Level.INFO, "{0}: {1} was half made or half removed", store, snapshot);
            return half.stays()
                    ? new Loader(store, half.cloneId())
                            .read()
                            .thenCompose(clone -> keep(snapshot, clone, loader.places()))
                    : drop(snapshot, half);
        });
    }

    /** The clone stands on it, and may have been given what is the snapshot's. */
    private static CompletableFuture<Void> keep(BlobState snapshot, BlobState clone, Places own) {
        boolean changed = separate(clone, own);
        CompletableFuture<Void> first = changed ? Persist.write(clone, true) : Steps.done();
        return first.thenCompose(_ -> {
            snapshot.removeInternal(BlobState.SNAPSHOT_BEING_MADE);
            snapshot.removeInternal(BlobState.SNAPSHOT_BEING_REMOVED);
            snapshot.record.dataReadOnlyFlags |= BlobRecord.READ_ONLY;
            return Persist.write(snapshot, true);
        });
    }

    /** The clone does not stand on it: it goes, without what is the clone's or another's. */
    private static CompletableFuture<Void> drop(BlobState snapshot, Census.Half half) {
        return Loader.places(snapshot.store, half.partners()).thenCompose(others -> {
            var _ = separate(snapshot, others);
            return Persist.erase(snapshot);
        });
    }

    /** Takes from a blob what others have. */
    private static boolean separate(BlobState from, Places others) {
        boolean changed = false;
        int[] map = from.record.map;
        for (int i = 0; i < map.length; i++) {
            if (map[i] != 0 && others.clusters().get(map[i])) {
                map[i] = 0;
                from.dirtyExtents.set(i / BlobRecord.EXTENTS_PER_PAGE);
                changed = true;
            }
        }
        int[] extents = from.record.extentPages;
        for (int i = 0; extents != null && i < extents.length; i++) {
            if (extents[i] != 0 && others.pages().get(extents[i])) {
                extents[i] = 0;
                changed = true;
            }
        }
        return changed;
    }
}
