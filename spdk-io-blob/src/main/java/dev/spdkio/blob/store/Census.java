// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.format.BlobReader;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.Mask;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.memory.DmaBuf;
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
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Counts the blobs of a store, and what they have, into its space, without writing a byte: from the masks, or from the
 * metadata pages. A blob that is damaged is told in {@link Store#damaged}; what it has, as far as can be seen, is used.
 * A load goes by it, and a check that tells what a load would do.
 */
final class Census {
    /** Metadata pages that are read at once. */
    private static final int BATCH = 64;

    /** Who wants to know more than is counted. */
    interface Witness {
        /** For a census that nobody looks at. */
        Witness NONE = new Witness() {};

        /** A metadata page, whoever has it. */
        default void page(int at, MemorySegment page) {}

        /** A blob that is whole as far as itself goes. */
        default void blob(BlobState state) {}
    }

    /** What a blob says of others. */
    private record Found(long parent, long making, long removing) {
        boolean isHalf() {
            return making != Store.NONE || removing != Store.NONE;
        }

        long partner() {
            return removing != Store.NONE ? removing : making;
        }
    }

    /**
     * A snapshot that was being made or removed.
     *
     * @param stays whether the clone stands on it: then it is made in full, else removed
     */
    record Half(long snapshot, long cloneId, boolean stays) {}

    private final Store store;
    private final Space space;
    private final SuperBlock superBlock;
    private final Witness witness;
    private final Map<Long, Found> found = new HashMap<>();
    private final Set<Long> conflicts = new TreeSet<>();

    /** What blobs have that were looked at: what is used, unless the masks say what that is. */
    private BitSet claimedPages;

    private BitSet claimedClusters;

    Census(Store store, Witness witness) {
        this.store = store;
        this.space = store.space;
        this.superBlock = store.superBlock();
        this.witness = witness;
        this.claimedPages = space.pages;
        this.claimedClusters = space.clusters;
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
        return conflicts;
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

    /** Looks at the blobs that the masks tell. */
    CompletableFuture<Void> ofMasks() {
        claimedPages = space.blobs.get(0, space.blobs.length());
        claimedClusters = new BitSet();
        return claimAll(space.blobs.stream(), false).thenCompose(_ -> claimConflicts());
    }

    /** Remembers a blob, or that it is damaged. Other failures are those of the device. */
    private CompletableFuture<Void> count(int root, boolean last, Set<Long> halves) {
        long id = BlobState.idOf(root);
        Loader loader = new Loader(store, id);
        CompletableFuture<Void> noted = loader.read()
                .thenCompose(state -> Steps.begin(() -> {
                    claim(state, loader.pages(), last, halves);
                    Found f = new Found(
                            BlobState.internalId(state.record, BlobState.SNAPSHOT),
                            BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_MADE),
                            BlobState.internalId(state.record, BlobState.SNAPSHOT_BEING_REMOVED));
                    found.put(id, f);
                    store.relations.set(id, f.parent);
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
        checkUsed(store, state);
    }

    private static void checkUsed(Store store, BlobState state) throws MalformedMetadataException {
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

    // ---- from the pages -------------------------------------------------------------------------------------------

    /**
     * Looks at all pages.
     *
     * @param trusted blobs that are counted before others, by their root pages
     * @param without blobs that are taken for deleted
     */
    CompletableFuture<Void> ofPages(BitSet trusted, Set<Long> without) {
        space.pages.clear();
        space.blobs.clear();
        space.clusters.clear();
        space.clusters.set(0, superBlock.metadataClusters());
        BitSet roots = new BitSet();
        return scan(roots, without)
                .thenCompose(_ -> {
                    BitSet others = roots.get(0, roots.length());
                    others.andNot(trusted);
                    roots.and(trusted);
                    return claimAll(roots.stream(), false).thenCompose(_ -> claimAll(others.stream(), false));
                })
                .thenCompose(_ -> claimConflicts())
                .thenCompose(_ -> claimDamaged())
                .thenRun(space::recount);
    }

    private CompletableFuture<Void> scan(BitSet roots, Set<Long> without) {
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
                                    MemorySegment page =
                                            buf.segment().asSlice((long) i * store.pageSize(), MetadataPage.BYTES);
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

    private CompletableFuture<Void> claimConflicts() {
        return claimAll(conflicts.stream().mapToInt(Long::intValue), true);
    }

    private CompletableFuture<Void> claimAll(IntStream all, boolean last) {
        int[] roots = all.toArray();
        Set<Long> halves = new HashSet<>();
        found.forEach((id, f) -> {
            if (f.isHalf()) {
                halves.add(id);
                halves.add(f.partner());
            }
        });
        return Steps.each(roots.length, i -> count(roots[i], last, halves));
    }

    /**
     * Marks what a blob has. What two have is right only while a snapshot is made or removed: who comes second waits
     * until it is known which those are.
     */
    private void claim(BlobState state, BitSet pages, boolean last, Set<Long> halves)
            throws MalformedMetadataException {
        BitSet clusters = checkRange(store, state);
        if (claimedClusters != space.clusters) {
            checkUsed(store, state);
        }
        pages.clear(state.rootPage());
        boolean conflict = pages.intersects(claimedPages) || clusters.intersects(claimedClusters);
        claimedPages.or(pages);
        claimedClusters.or(clusters);
        if (conflict && !last) {
            conflicts.add(state.id);
        }
        if (conflict && last && !halves.contains(state.id)) {
            throw BlobReader.malformed(state.id, "metadata pages or clusters that another has too");
        }
    }

    /** What can be seen of damaged blobs stays used, when it is known what others have. */
    private CompletableFuture<Void> claimDamaged() {
        long[] ids = store.damaged.keySet().stream().mapToLong(Long::longValue).toArray();
        return Steps.each(ids.length, i -> {
            Loader loader = new Loader(store, ids[i]);
            return Steps.after(loader.read(), (_, failure) -> {
                space.pages.or(loader.pages());
                space.clusters.or(loader.clusters());
                return failure instanceof MalformedMetadataException ? Steps.done() : Steps.ended(failure);
            });
        });
    }

    // ---- what blobs say of others -----------------------------------------------------------------------------------

    /**
     * Snapshots that were being made or removed, and what is to become of them, in the order of their identifiers.
     * Those that are removed are not there any more from here on.
     */
    List<Half> halves() {
        List<Half> halves = new ArrayList<>();
        for (long id : found.keySet().stream().sorted().toList()) {
            Found f = found.get(id);
            if (f == null || !f.isHalf()) {
                continue;
            }
            Found partner = found.get(f.partner());
            if (partner == null) {
                damage(
                        id,
                        "blob " + new BlobId(id) + " is a snapshot that was being made or removed with blob 0x"
                                + Long.toHexString(f.partner()) + ", which is not there");
                continue;
            }
            boolean stays = partner.parent == id;
            halves.add(new Half(id, f.partner(), stays));
            if (!stays) {
                found.remove(id);
            }
        }
        return halves;
    }

    /** Looks at what blobs stand on, when {@link #halves} are known. */
    void checkParents() {
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
