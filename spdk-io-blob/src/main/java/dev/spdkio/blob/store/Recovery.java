// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.format.BlobReader;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.Mask;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.memory.DmaBuf;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes up the blobs of a store: from its masks, if it was unloaded, else from its metadata pages. Snapshots that were
 * being made or removed are made or removed in full. A blob that is damaged is set aside: what it has, as far as can be
 * seen, stays used.
 */
final class Recovery {
    private static final Logger LOG = System.getLogger(Recovery.class.getName());

    /** Metadata pages that are read at once. */
    private static final int BATCH = 64;

    /** What a blob says of others. */
    private record Found(long parent, long making, long removing) {
        boolean isHalf() {
            return making != Store.NONE || removing != Store.NONE;
        }

        long partner() {
            return removing != Store.NONE ? removing : making;
        }
    }

    private final Store store;
    private final Space space;
    private final SuperBlock superBlock;
    private final Map<Long, Found> found = new HashMap<>();
    private final Set<Long> conflicts = new TreeSet<>();

    private Recovery(Store store) {
        this.store = store;
        this.space = store.space;
        this.superBlock = store.superBlock();
    }

    /** Fills a store that knows its super block only. */
    static CompletableFuture<Void> load(Store store) {
        Recovery r = new Recovery(store);
        boolean trusted =
                r.superBlock.clean() && r.superBlock.blobMask().length() != 0 && !store.options.forceRecovery();
        CompletableFuture<Boolean> masks = trusted ? r.readMasks() : CompletableFuture.completedFuture(false);
        return masks.thenCompose(known -> known ? r.examine() : r.rebuild())
                .thenCompose(_ -> r.completeHalves())
                .thenRun(r::checkParents);
    }

    // ---- unloaded -------------------------------------------------------------------------------------------------

    private CompletableFuture<Boolean> readMasks() {
        int pages = superBlock.metadata().length();
        CompletableFuture<Void> read = readMask(Mask.PAGES, superBlock.pageMask(), pages, space.pages)
                .thenCompose(
                        _ -> readMask(Mask.CLUSTERS, superBlock.clusterMask(), superBlock.clusters(), space.clusters))
                .thenCompose(_ -> readMask(Mask.BLOBS, superBlock.blobMask(), pages, space.blobs));
        return Steps.after(read, (_, failure) -> {
            if (failure instanceof MalformedMetadataException) {
                LOG.log(Level.WARNING, "{0}: {1}; it is recovered", store, failure.getMessage());
                return CompletableFuture.completedFuture(false);
            }
            space.recount();
            return Steps.ended(failure).thenApply(_ -> true);
        });
    }

    private CompletableFuture<Void> readMask(Mask mask, SuperBlock.Region region, int bits, BitSet into) {
        long pageSize = store.pageSize();
        return store.device.with(
                region.length() * pageSize,
                buf -> store.device
                        .read(buf, region.start() * pageSize)
                        .thenCompose(_ -> Steps.begin(() -> {
                            into.or(mask.decode(buf.segment(), bits));
                            return Steps.done();
                        })));
    }

    private CompletableFuture<Void> examine() {
        space.clusters.set(0, superBlock.metadataClusters());
        space.recount();
        int[] roots = space.blobs.stream().toArray();
        return Steps.each(roots.length, i -> {
            Loader loader = new Loader(store, BlobState.idOf(roots[i]));
            return note(roots[i], loader.read(), state -> checkClusters(store, state));
        });
    }

    private interface Check {
        void of(BlobState state) throws MalformedMetadataException;
    }

    /** Remembers a blob, or that it is damaged. Other failures are those of the device. */
    private CompletableFuture<Void> note(int root, CompletableFuture<BlobState> read, Check check) {
        long id = BlobState.idOf(root);
        CompletableFuture<Void> noted = read.thenCompose(state -> Steps.begin(() -> {
            check.of(state);
            Found f = new Found(
                    BlobState.internalId(state.record, BlobState.SNAPSHOT),
                    BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_MADE),
                    BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_REMOVED));
            found.put(id, f);
            store.relations.set(id, f.parent);
            return Steps.done();
        }));
        return Steps.after(noted, (_, failure) -> {
            if (failure instanceof MalformedMetadataException) {
                damage(id, failure.getMessage());
                return Steps.done();
            }
            return Steps.ended(failure);
        });
    }

    private void damage(long id, @Nullable String why) {
        LOG.log(Level.WARNING, "{0}: {1}; it is set aside", store, why);
        store.damaged.put(id, String.valueOf(why));
        found.remove(id);
    }

    /** Refuses a map with clusters that nobody can have, or that are said to be free. */
    static void checkClusters(Store store, BlobState state) throws MalformedMetadataException {
        checkRange(store, state);
        for (int c : state.record.map) {
            if (c != 0 && !store.space.clusters.get(c)) {
                throw BlobReader.malformed(state.id, "cluster " + c + ", which is free");
            }
        }
    }

    private static BitSet checkRange(Store store, BlobState state) throws MalformedMetadataException {
        BitSet own = new BitSet();
        int least = store.superBlock().metadataClusters();
        int end = store.superBlock().clusters();
        for (int c : state.record.map) {
            if (c == 0) {
                continue;
            }
            if (c < least || c >= end) {
                throw BlobReader.malformed(
                        state.id,
                        "cluster " + Integer.toUnsignedLong(c) + " where " + least + " to " + (end - 1)
                                + " are possible");
            }
            if (own.get(c)) {
                throw BlobReader.malformed(state.id, "cluster " + c + " twice");
            }
            own.set(c);
        }
        return own;
    }

    // ---- after a crash --------------------------------------------------------------------------------------------

    private CompletableFuture<Void> rebuild() {
        LOG.log(Level.INFO, "{0} was not unloaded, and is recovered", store);
        space.pages.clear();
        space.blobs.clear();
        space.clusters.clear();
        space.clusters.set(0, superBlock.metadataClusters());
        BitSet roots = new BitSet();
        return scan(roots)
                .thenCompose(_ -> claimAll(roots.stream().toArray(), false))
                .thenCompose(_ ->
                        claimAll(conflicts.stream().mapToInt(Long::intValue).toArray(), true))
                .thenRun(space::recount)
                .thenCompose(_ -> store.markDirty())
                .thenCompose(_ -> store.writeMasks());
    }

    private CompletableFuture<Void> scan(BitSet roots) {
        int pages = superBlock.metadata().length();
        int rounds = (pages + BATCH - 1) / BATCH;
        return store.device.with(
                (long) BATCH * store.pageSize(),
                buf -> Steps.each(rounds, round -> {
                    int first = round * BATCH;
                    int count = Math.min(BATCH, pages - first);
                    DmaBuf part = buf.slice(0, (long) count * store.pageSize());
                    return store.device
                            .read(part, superBlock.pageOffset(first))
                            .whenComplete((_, _) -> part.close())
                            .thenRun(() -> {
                                for (int i = 0; i < count; i++) {
                                    look(
                                            buf.segment().asSlice((long) i * store.pageSize(), MetadataPage.BYTES),
                                            first + i,
                                            roots);
                                }
                            });
                }));
    }

    private void look(MemorySegment page, int at, BitSet roots) {
        long id = BlobState.idOf(at);
        if (MetadataPage.id(page) != id || MetadataPage.sequence(page) != 0) {
            return;
        }
        space.pages.set(at);
        space.blobs.set(at);
        roots.set(at);
        if (!MetadataPage.isIntact(page)) {
            damage(
                    id,
                    BlobReader.malformed(id, "a root page with a wrong checksum")
                            .getMessage());
            roots.clear(at);
        }
    }

    private CompletableFuture<Void> claimAll(int[] roots, boolean last) {
        Set<Long> halves = new HashSet<>();
        found.forEach((id, f) -> {
            if (f.isHalf()) {
                halves.add(id);
                halves.add(f.partner());
            }
        });
        return Steps.each(roots.length, i -> {
            Loader loader = new Loader(store, BlobState.idOf(roots[i]));
            return note(roots[i], loader.read(), state -> claim(state, loader.pages(), last, halves));
        });
    }

    /**
     * Marks what a blob has. What two have is right only while a snapshot is made or removed: who comes second waits
     * until it is known which those are.
     */
    private void claim(BlobState state, BitSet pages, boolean last, Set<Long> halves)
            throws MalformedMetadataException {
        BitSet clusters = checkRange(store, state);
        pages.clear(state.rootPage());
        boolean conflict = pages.intersects(space.pages) || clusters.intersects(space.clusters);
        space.pages.or(pages);
        space.clusters.or(clusters);
        if (conflict && !last) {
            conflicts.add(state.id);
        }
        if (conflict && last && !halves.contains(state.id)) {
            throw BlobReader.malformed(state.id, "metadata pages or clusters that another has too");
        }
    }

    // ---- snapshots that were being made or removed ------------------------------------------------------------------

    private CompletableFuture<Void> completeHalves() {
        List<Long> halves = new ArrayList<>();
        found.forEach((id, f) -> {
            if (f.isHalf()) {
                halves.add(id);
            }
        });
        halves.sort(null);
        return Steps.each(halves.size(), i -> complete(halves.get(i)));
    }

    private CompletableFuture<Void> complete(long id) {
        Found f = found.get(id);
        if (f == null) {
            return Steps.done();
        }
        Found partner = found.get(f.partner());
        if (partner == null) {
            damage(
                    id,
                    "blob " + new BlobId(id) + " is a snapshot that was being made or removed with blob 0x"
                            + Long.toHexString(f.partner()) + ", which is not there");
            return Steps.done();
        }
        return acquireAlone(id)
                .thenCompose(snapshot -> acquireAlone(f.partner()).thenCompose(clone -> {
                    LOG.log(Level.INFO, "{0}: {1} was half made or half removed", store, snapshot);
                    return partner.parent == id ? keep(snapshot, clone) : drop(snapshot, clone);
                }));
    }

    /** Without what it stands on. */
    private CompletableFuture<BlobState> acquireAlone(long id) {
        return new Loader(store, id).read();
    }

    /** The clone stands on it, and may have been given what is the snapshot's. */
    private CompletableFuture<Void> keep(BlobState snapshot, BlobState clone) {
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
    private CompletableFuture<Void> drop(BlobState snapshot, BlobState clone) {
        separate(snapshot.record, clone.record, snapshot.dirtyExtents);
        return Persist.erase(snapshot).thenRun(() -> found.remove(snapshot.id));
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

    // ---- what blobs stand on --------------------------------------------------------------------------------------

    private void checkParents() {
        boolean again = true;
        while (again) {
            again = false;
            for (Map.Entry<Long, Found> e : Map.copyOf(found).entrySet()) {
                long parent = e.getValue().parent;
                if (parent == Store.NONE) {
                    continue;
                }
                if (!found.containsKey(parent)) {
                    damage(
                            e.getKey(),
                            "blob " + new BlobId(e.getKey()) + " stands on blob 0x" + Long.toHexString(parent)
                                    + ", which is damaged or not there");
                    again = true;
                } else if (store.relations.isAbove(e.getKey(), parent)) {
                    damage(e.getKey(), "blob " + new BlobId(e.getKey()) + " stands on itself");
                    again = true;
                }
            }
        }
    }
}
