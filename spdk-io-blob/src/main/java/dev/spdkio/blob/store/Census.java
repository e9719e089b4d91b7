// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.format.BlobReader;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.Mask;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Counts the blobs of a store, and what they have, into its space, without writing a byte: from the masks, or from the
 * metadata pages. A blob that is damaged is told in {@link Store#damaged}; what it has, as far as can be seen, is used.
 * A load goes by it, and a check that tells what a load would do.
 */
final class Census {
    /** The most snapshots that are made or removed in full at once. The next load sees to others. */
    static final int MAX_HALVES = 128;

    /** Who wants to know more than is counted. */
    interface Witness {
        /** For a census that nobody looks at. */
        Witness NONE = new Witness() {};

        /** A metadata page, whoever has it. */
        default void page(int at, MemorySegment page) {}

        /** A blob that is whole as far as itself goes. */
        default void blob(BlobState state) {}
    }

    /** With which clone a snapshot was being made or removed, and what it has. */
    private record Making(long cloneId, Places own) {}

    /**
     * A snapshot that was being made or removed.
     *
     * @param stays whether the clone stands on it: then it is made in full, else removed
     * @param partners with which it is being made or removed: what they have is not the snapshot's to give up
     */
    record Half(long snapshot, long cloneId, boolean stays, List<Long> partners) {}

    private final Store store;
    private final Space space;
    private final SuperBlock superBlock;
    private final Witness witness;

    /** Blobs that are there and whole, and what they stand on. */
    private final Map<Long, Long> found = new HashMap<>();

    /** Snapshots that were being made or removed, whole or not. */
    private final Map<Long, Making> making = new TreeMap<>();

    /** What a blob has that others have too, which came before it. */
    private final Map<Long, Places> conflicts = new TreeMap<>();

    /** What blobs have that were looked at: what is used, unless the masks say what that is. */
    private Places taken = new Places();

    private final Places takenTwice = new Places();
    private final Places disputed = new Places();
    private final BitSet missing = new BitSet();

    Census(Store store, Witness witness) {
        this.store = store;
        this.space = store.space;
        this.superBlock = store.superBlock();
        this.witness = witness;
    }

    /** Whether a blob is there and whole. */
    boolean has(long id) {
        return found.containsKey(id);
    }

    /** Blobs that are there and whole. */
    int size() {
        return found.size();
    }

    /** Blobs of which something was counted before. */
    Set<Long> conflicts() {
        return conflicts.keySet();
    }

    /** Root pages of blobs that others name, and that are not there. Nobody else is to have their identifiers. */
    BitSet missing() {
        return missing;
    }

    // ---- from the masks -------------------------------------------------------------------------------------------

    /** Reads the masks. Fails with {@link MalformedMetadataException} if one cannot be used. */
    CompletableFuture<Void> readMasks() {
        int pages = superBlock.metadata().length();
        return readMask(Mask.PAGES, superBlock.pageMask(), pages, space.pages)
                .thenCompose(
                        _ -> readMask(Mask.CLUSTERS, superBlock.clusterMask(), superBlock.clusters(), space.clusters))
                .thenCompose(_ -> readMask(Mask.BLOBS, superBlock.blobMask(), pages, space.blobs))
                .thenRun(() -> {
                    space.clusters.set(0, superBlock.metadataClusters());
                    space.recount();
                });
    }

    private CompletableFuture<Void> readMask(Mask mask, SuperBlock.Region region, int bits, BitSet into) {
        long pageSize = store.pageSize();
        int pagesAtMost = Mask.pages(SuperBlock.MAX_CLUSTERS, store.pageSize());
        return store.device.with(
                Math.min(region.length(), pagesAtMost) * pageSize,
                buf -> store.device
                        .read(buf, region.start() * pageSize)
                        .thenCompose(_ -> Steps.begin(() -> {
                            into.or(mask.decode(buf.segment(), bits));
                            return Steps.done();
                        })));
    }

    /**
     * Looks at the blobs that the masks tell. Answers what they have and the masks call free: such masks are not to be
     * believed.
     */
    CompletableFuture<Places> ofMasks() {
        taken.pages().or(space.blobs);
        return claimAll(space.blobs)
                .thenCompose(_ -> settleAll())
                .thenCompose(_ -> ofDamaged())
                .thenApply(_ -> {
                    // A repair that did not end may have freed what it gave up: no reason to forget what others have.
                    store.damaged.keySet().forEach(id -> space.pages.set(id.intValue()));
                    Places free = taken.copy();
                    free.remove(new Places(space.pages, space.clusters));
                    return free;
                });
    }

    /** Remembers a blob, or that it is damaged. Other failures are those of the device. */
    private CompletableFuture<Void> count(int root, Loader.Pages pages) {
        long id = BlobState.idOf(root);
        Loader loader = new Loader(store, pages, id);
        CompletableFuture<Void> noted = loader.read()
                .thenCompose(state -> Steps.begin(() -> {
                    claim(state, loader);
                    long removing = BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_REMOVED);
                    long clone = removing != Store.NONE
                            ? removing
                            : BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_MADE);
                    if (clone != Store.NONE && making.size() == MAX_HALVES) {
                        throw BlobReader.malformed(
                                id,
                                MAX_HALVES
                                        + " snapshots half made before it, the most for a load: load the store again");
                    }
                    if (clone != Store.NONE) {
                        making.put(id, new Making(clone, loader.places()));
                    }
                    long parent = BlobState.internalId(state.record, BlobState.SNAPSHOT);
                    found.put(id, parent);
                    store.relations.set(id, parent);
                    witness.blob(state);
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

    private static void checkRange(Store store, BlobState state) throws MalformedMetadataException {
        int least = store.superBlock().metadataClusters();
        int end = store.superBlock().clusters();
        int[] sorted = state.record.map.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            int c = sorted[i];
            if (c != 0 && (c < least || c >= end)) {
                throw BlobReader.malformed(
                        state.id,
                        "cluster " + Integer.toUnsignedLong(c) + " where " + least + " to " + (end - 1)
                                + " are possible");
            }
            if (c != 0 && i > 0 && c == sorted[i - 1]) {
                throw BlobReader.malformed(state.id, "cluster " + c + " twice");
            }
        }
    }

    // ---- from the pages -------------------------------------------------------------------------------------------

    /**
     * Looks at all pages, whatever is known of the store.
     *
     * @param trusted blobs that are counted before others, by their root pages
     * @param without blobs that are taken for deleted
     */
    CompletableFuture<Void> ofPages(BitSet trusted, Set<Long> without) {
        space.pages.clear();
        space.blobs.clear();
        space.clusters.clear();
        space.clusters.set(0, superBlock.metadataClusters());
        store.damaged.clear();
        store.relations.clear();
        taken = new Places(space.pages, space.clusters);
        BitSet roots = new BitSet();
        return scan(roots, without)
                .thenCompose(_ -> {
                    BitSet others = roots.get(0, roots.length());
                    others.andNot(trusted);
                    roots.and(trusted);
                    return claimAll(roots).thenCompose(_ -> claimAll(others));
                })
                .thenCompose(_ -> settleAll())
                .thenCompose(_ -> ofDamaged())
                .thenAccept(taken::add)
                .thenRun(space::recount);
    }

    private CompletableFuture<Void> scan(BitSet roots, Set<Long> without) {
        int pages = superBlock.metadata().length();
        int rounds = (pages + ReadAhead.PAGES - 1) / ReadAhead.PAGES;
        return store.device.with(
                (long) ReadAhead.PAGES * store.pageSize(),
                buf -> Steps.each(rounds, round -> {
                    int first = round * ReadAhead.PAGES;
                    int count = Math.min(ReadAhead.PAGES, pages - first);
                    return store.readPages(buf, first, count).thenRun(() -> {
                        for (int i = 0; i < count; i++) {
                            MemorySegment page = buf.segment().asSlice((long) i * store.pageSize(), MetadataPage.BYTES);
                            witness.page(first + i, page);
                            if (!without.contains(BlobState.idOf(first + i))) {
                                look(page, first + i, roots);
                            }
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

    private CompletableFuture<Void> claimAll(BitSet blobs) {
        return ReadAhead.each(store, blobs, this::count);
    }

    /**
     * Marks what a blob has. What two have is right only while a snapshot is made or removed: who comes second waits
     * until it is known which those are.
     */
    private void claim(BlobState state, Loader loader) throws MalformedMetadataException {
        checkRange(store, state);
        int[] clusters = Arrays.stream(state.record.map).filter(c -> c != 0).toArray();
        BitSet pages = loader.pages();
        pages.clear(state.rootPage());
        boolean alone =
                !pages.intersects(taken.pages()) && Arrays.stream(clusters).noneMatch(taken.clusters()::get);
        Places shared = alone ? new Places() : loader.places().and(taken);
        taken.pages().or(pages);
        Arrays.stream(clusters).forEach(taken.clusters()::set);
        if (alone) {
            return;
        }
        shared.pages().clear(state.rootPage());
        conflicts.put(state.id, shared);
        boolean byThree = shared.intersects(takenTwice);
        takenTwice.add(shared);
        if (byThree) {
            disputed.add(shared);
            throw refusal(state.id, shared);
        }
    }

    private static MalformedMetadataException refusal(long id, Places shared) {
        return BlobReader.malformed(id, shared + " that another has too");
    }

    private CompletableFuture<Void> settleAll() {
        List<Map.Entry<Long, Places>> all = conflicts.entrySet().stream()
                .filter(e -> found.containsKey(e.getKey()))
                .toList();
        return Steps.each(
                all.size(), i -> settle(all.get(i).getKey(), all.get(i).getValue()));
    }

    /** What a blob shares must be shared with those that it is being made or removed with. */
    private CompletableFuture<Void> settle(long id, Places shared) {
        return Loader.places(store, partners(id, found)).thenAccept(theirs -> {
            shared.remove(theirs);
            if (!shared.isEmpty()) {
                disputed.add(shared);
                damage(id, refusal(id, shared).getMessage());
            }
        });
    }

    /** Those with which a blob is being made or removed. */
    private List<Long> partners(long id, Map<Long, Long> all) {
        List<Long> partners = new ArrayList<>();
        making.forEach((half, m) -> {
            if (m.cloneId == id && all.containsKey(half)) {
                partners.add(half);
            } else if (half == id && all.containsKey(m.cloneId)) {
                partners.add(m.cloneId);
            }
        });
        return partners;
    }

    /** What can be seen of damaged blobs, when it is known what others have. It is nobody's to give up. */
    private CompletableFuture<Places> ofDamaged() {
        long[] ids = store.damaged.keySet().stream().mapToLong(Long::longValue).toArray();
        Places all = new Places();
        return Steps.each(ids.length, i -> {
                    Loader loader = new Loader(store, ids[i]);
                    return Steps.after(loader.read(), (_, failure) -> {
                        all.add(loader.places());
                        return failure instanceof MalformedMetadataException ? Steps.done() : Steps.ended(failure);
                    });
                })
                .thenApply(_ -> {
                    disputed.add(all);
                    return all;
                });
    }

    // ---- what blobs say of others -----------------------------------------------------------------------------------

    /**
     * Snapshots that were being made or removed, and what is to become of them, in the order of their identifiers.
     * Those that are removed are not there any more from here on.
     */
    List<Half> halves() {
        Set<Long> going = going();
        Map<Long, Long> having = new HashMap<>(found); // what is damaged here has something, too
        List<Half> halves = new ArrayList<>();
        making.forEach((id, m) -> {
            Long parent = found.get(m.cloneId);
            if (!found.containsKey(id)) {
                return;
            }
            if (going.contains(id)) {
                halves.add(new Half(id, m.cloneId, false, partners(id, having)));
                having.remove(id);
                found.remove(id);
            } else if (parent == null) {
                reserve(m.cloneId);
                damageHalf(id, m.cloneId, "which is not there");
            } else if (parent.equals(id)) {
                halves.add(new Half(id, m.cloneId, true, partners(id, having)));
            } else {
                damageHalf(id, m.cloneId, "but others stand on it, or have what it has");
            }
        });
        return halves;
    }

    /** Halves that nobody stands on who stays, and that have nothing that is disputed. */
    private Set<Long> going() {
        Set<Long> going = new HashSet<>();
        making.forEach((id, m) -> {
            Long parent = found.get(m.cloneId);
            if (found.containsKey(id) && parent != null && parent != (long) id && !m.own.intersects(disputed)) {
                going.add(id);
            }
        });
        boolean again = true;
        while (again) {
            again = going.removeIf(id -> !going.containsAll(store.relations.clones(id)));
        }
        return going;
    }

    private void damageHalf(long id, long partner, String why) {
        damage(
                id,
                "blob " + new BlobId(id) + " is a snapshot that was being made or removed with blob 0x"
                        + Long.toHexString(partner) + ", " + why);
    }

    private void reserve(long id) {
        if (id >>> Integer.SIZE == 1
                && (int) id >= 0
                && (int) id < superBlock.metadata().length()) {
            missing.set((int) id);
        }
    }

    /** Looks at what blobs stand on, when {@link #halves} are known. */
    void checkParents() {
        Map<Long, Boolean> stands = new HashMap<>();
        for (long id : found.keySet()) {
            List<Long> path = new ArrayList<>();
            long at = id;
            while (found.containsKey(at) && !stands.containsKey(at)) {
                stands.put(at, false); // so that a circle does not stand
                path.add(at);
                at = found.get(at);
            }
            if (at == Store.NONE || stands.getOrDefault(at, false)) {
                path.forEach(above -> stands.put(above, true));
            }
        }
        Map<Long, Long> parents = Map.copyOf(found);
        parents.forEach((id, parent) -> {
            if (!stands.getOrDefault(id, false)) {
                if (!parents.containsKey(parent)) {
                    reserve(parent);
                }
                damage(
                        id,
                        "blob " + new BlobId(id) + " stands on blob 0x" + Long.toHexString(parent)
                                + ", which is damaged or not there, or stands on it");
            }
        });
    }
}
