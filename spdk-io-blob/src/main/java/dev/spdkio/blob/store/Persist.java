// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.BlobWriter;
import dev.spdkio.blob.format.ExtentPage;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.error.SpdkException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Writes a blob. The pages of its map and the chain go first, to where nothing reads them yet; then the root, in place;
 * then what the old root needed is cleared and given back. A blob that shrinks writes its map after its root, since the
 * old root needs the longer one.
 *
 * <p>What fails leaves the blob dirty, and what it may have on the device claimed, until a later one succeeds.
 */
final class Persist {
    /** Writes that are under way at once. */
    static final int AT_ONCE = 16;

    private final Store store;
    private final BlobState blob;
    private final BlobRecord record;
    private final boolean durable;
    private final boolean shrinks;
    private int[] newChain = new int[0];

    private Persist(BlobState blob, boolean durable) {
        this.store = blob.store;
        this.blob = blob;
        this.record = blob.record;
        this.durable = durable;
        this.shrinks = record.clusters < blob.durableClusters;
    }

    /**
     * Writes a blob.
     *
     * @param durable whether it must survive a loss of power at the end
     */
    static CompletableFuture<Void> write(BlobState blob, boolean durable) {
        Persist p = new Persist(blob, durable);
        return blob.store
                .markDirty()
                .thenCompose(_ -> p.shrinks ? Steps.done() : p.extents())
                .thenCompose(_ -> p.chain())
                .thenCompose(_ -> p.after())
                .whenComplete((_, failure) -> {
                    if (failure != null) {
                        blob.dirty = true;
                    }
                });
    }

    /** The pages of the map that changed. */
    private CompletableFuture<Void> extents() {
        int count = record.extentPages == null ? 0 : BlobRecord.extentPages(record.clusters);
        int[] changed = blob.dirtyExtents.stream().filter(i -> i < count).toArray();
        return Steps.each(changed.length, AT_ONCE, i -> extent(blob, changed[i], record.clusters))
                .thenRun(blob.dirtyExtents::clear);
    }

    /** Writes a page of the map, if there is one. */
    static CompletableFuture<Void> extent(BlobState blob, int index, int clusters) {
        int[] pages = blob.record.extentPages;
        if (pages == null || pages[index] == 0) {
            return Steps.done();
        }
        Store store = blob.store;
        blob.looseExtents = true;
        return store.device.with(store.pageSize(), buf -> {
            buf.fill((byte) 0);
            ExtentPage.encode(buf.segment(), blob.id, index, blob::cluster, clusters);
            return store.device.write(buf, store.superBlock().pageOffset(pages[index]));
        });
    }

    private CompletableFuture<Void> chain() {
        List<MemorySegment> pages = BlobWriter.write(blob.id, record, blob::cluster, store.pageMemory::take);
        boolean readOnly = (record.dataReadOnlyFlags & BlobRecord.READ_ONLY) != 0;
        blob.dirty = false;
        CompletableFuture<Void> written = Steps.begin(() -> {
            claimChain(pages.size() - 1);
            for (int i = 0; i < pages.size(); i++) {
                MetadataPage.seal(pages.get(i), i < newChain.length ? newChain[i] : MetadataPage.NONE);
            }
            return Steps.each(newChain.length, AT_ONCE, i -> page(pages.get(i + 1), newChain[i]))
                    .thenCompose(_ -> blob.looseExtents || newChain.length > 0 ? store.device.barrier() : Steps.done())
                    .thenCompose(_ -> {
                        blob.looseExtents = false;
                        return page(pages.getFirst(), blob.rootPage());
                    })
                    .thenRun(() -> {
                        if (readOnly) {
                            blob.readOnly = true;
                            blob.metadataReadOnly = true;
                        }
                    });
        });
        return written.whenComplete((_, _) -> store.pageMemory.giveBack(pages));
    }

    private void claimChain(int count) throws SpdkException {
        if (count > 0 && store.space.freePages() < count) {
            throw Failures.noPages("writing " + blob);
        }
        newChain = new int[count];
        for (int i = 0; i < count; i++) {
            newChain[i] = store.space.claimPage(0);
            blob.limboPages.set(newChain[i]); // until it is known that the root has it
        }
    }

    private CompletableFuture<Void> page(MemorySegment page, int at) {
        return store.device.with(store.pageSize(), buf -> {
            buf.copyFrom(page);
            buf.fill(page.byteSize(), buf.size() - page.byteSize(), (byte) 0);
            return store.device.write(buf, store.superBlock().pageOffset(at));
        });
    }

    // ---- when the root is written -----------------------------------------------------------------------------------

    private CompletableFuture<Void> after() {
        int clusters = record.clusters;
        BitSet pages = blob.limboPages.get(0, Integer.MAX_VALUE);
        for (int p : newChain) {
            pages.clear(p);
        }
        for (int p : blob.chain) {
            pages.set(p);
        }
        int[] extents = record.extentPages;
        int extentCount = BlobRecord.extentPages(clusters);
        for (int i = extentCount; extents != null && i < extents.length; i++) {
            if (extents[i] != 0) {
                pages.set(extents[i]);
            }
        }
        BitSet gone = blob.limboClusters.get(0, Integer.MAX_VALUE);
        for (int i = clusters; i < record.map.length; i++) {
            if (record.map[i] != 0) {
                gone.set(record.map[i]);
            }
        }
        boolean releases = !pages.isEmpty() || !gone.isEmpty();
        CompletableFuture<Void> safe = releases || durable || shrinks ? store.device.barrier() : Steps.done();
        return safe.thenCompose(_ -> shrinks ? extents() : Steps.done())
                .thenRun(() -> {
                    // From here on the device has the new state, whatever becomes of the rest.
                    blob.chain = newChain;
                    blob.durableClusters = clusters;
                    blob.limboPages.clear();
                    blob.limboPages.or(pages);
                    blob.limboClusters.or(gone);
                    if (record.clusters == clusters && record.map.length > clusters) {
                        record.map = Arrays.copyOf(record.map, clusters);
                        if (extents != null) {
                            record.extentPages = Arrays.copyOf(extents, extentCount);
                        }
                        blob.publish();
                    }
                })
                .thenCompose(_ -> releases ? release() : Steps.done());
    }

    /** Clears what is not needed, and gives it back. */
    private CompletableFuture<Void> release() {
        int[] pages = blob.limboPages.stream().toArray();
        BitSet clusters = blob.limboClusters.get(0, Integer.MAX_VALUE);
        return Steps.each(pages.length, AT_ONCE, i -> store.zeroPage(pages[i]))
                .thenCompose(_ -> clusters.isEmpty() ? Steps.done() : clear(blob, clusters))
                .thenRun(() -> {
                    for (int p : pages) {
                        store.space.releasePage(p);
                    }
                    clusters.stream().forEach(store.space::releaseCluster);
                    blob.limboPages.clear();
                    blob.limboClusters.clear();
                });
    }

    /**
     * Clears clusters that no map has any more, in runs, when no request is under way to them; durably, so that whoever
     * has them next never shows what was there.
     */
    static CompletableFuture<Void> clear(BlobState blob, BitSet clusters) {
        Store store = blob.store;
        int[] starts =
                clusters.stream().filter(c -> c == 0 || !clusters.get(c - 1)).toArray();
        return store.fence()
                .thenCompose(_ -> Steps.each(starts.length, AT_ONCE, i -> {
                    long length = (clusters.nextClearBit(starts[i]) - starts[i]) * store.clusterSize;
                    return store.device.clear(blob.clearMethod, store.clusterOffset(starts[i]), length);
                }))
                .thenCompose(_ -> store.device.barrier());
    }

    // ---- the end of a blob ------------------------------------------------------------------------------------------

    /**
     * Deletes a blob: its root first, durably, so that what it has is never looked for again; then the rest, with the
     * clusters that are in its map. If the root may be there still, the blob is dirty.
     */
    static CompletableFuture<Void> erase(BlobState blob) {
        Store store = blob.store;
        BitSet pages = blob.limboPages.get(0, Integer.MAX_VALUE);
        Arrays.stream(blob.chain).forEach(pages::set);
        int[] extents = blob.record.extentPages;
        if (extents != null) {
            Arrays.stream(extents).filter(p -> p != 0).forEach(pages::set);
        }
        BitSet clusters = blob.limboClusters.get(0, Integer.MAX_VALUE);
        Arrays.stream(blob.record.map).filter(c -> c != 0).forEach(clusters::set);
        int[] others = pages.stream().toArray();
        boolean leaked = store.leaks;
        CompletableFuture<Void> gone = store.markDirty()
                .thenCompose(_ -> store.zeroPage(blob.rootPage()))
                .thenCompose(_ -> store.device.barrier())
                .whenComplete((_, failure) -> blob.dirty = failure != null);
        return gone.thenCompose(_ -> {
                    store.leaks = true; // until it ends well
                    store.space.blobs.clear(blob.rootPage());
                    store.relations.set(blob.id, Store.NONE);
                    return Steps.each(others.length, AT_ONCE, i -> store.zeroPage(others[i]));
                })
                .thenCompose(_ -> clusters.isEmpty() ? Steps.done() : clear(blob, clusters))
                .thenRun(() -> {
                    clusters.stream().forEach(store.space::releaseCluster);
                    Arrays.stream(others).forEach(store.space::releasePage);
                    store.space.releasePage(blob.rootPage());
                    store.leaks = leaked;
                });
    }
}
