// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.format.SuperBlock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Makes a store sound. First pages are cleared before masks are written, so that losing power leaves blobs that only
 * the masks know, and masks that are as they were or as they are to be, in any mixture: no load does more harm than
 * before. So a store that was unloaded stays one, and with it what the masks say of damaged blobs, unless snapshots are
 * made whole or removed.
 */
final class Repair {
    private final Inspection.Count count;
    private final Store store;
    private final Space space;
    private final BitSet gone;
    private final BitSet roots;
    private final Collection<String> newlyDamaged;
    private BitSet unseen = new BitSet();
    private boolean keeps;

    /**
     * Plans it.
     *
     * @param count what there is without the blobs that are dropped
     * @param gone blobs that are dropped, by the places of their first pages
     * @param roots those of them whose first pages are there
     * @param newlyDamaged what is wrong with blobs that cannot be read without those
     */
    Repair(Inspection.Count count, BitSet gone, BitSet roots, Collection<String> newlyDamaged) {
        this.count = count;
        this.store = count.store();
        this.space = count.space();
        this.gone = gone;
        this.roots = roots;
        this.newlyDamaged = newlyDamaged;
    }

    /** Nothing becomes free of what damaged blobs may have, and no blob is forgotten that only the masks know. */
    void keep(Space masks, BitSet missing) {
        keeps = true;
        unseen = missing;
        space.pages.or(Inspection.minus(masks.pages, gone));
        space.clusters.or(masks.clusters);
        space.blobs.or(missing);
        space.recount();
    }

    private boolean forgetsFirst() {
        long first = store.superBlock().superBlob();
        return first != SuperBlock.NO_BLOB
                && !count.has(first)
                && unseen.stream().mapToLong(BlobState::idOf).noneMatch(id -> id == first);
    }

    /** What is done, in this order; {@code masks} is what the masks say now, if they can be read. */
    List<String> steps(@Nullable Space masks) {
        List<String> steps = new ArrayList<>();
        if (store.superBlock().clean() && !count.halves().isEmpty()) {
            steps.add("mark the store as not unloaded");
        }
        gone.stream()
                .mapToObj(page -> new BlobId(BlobState.idOf(page)))
                .forEach(id -> steps.add(
                        "give up blob " + id + (roots.get((int) id.value()) ? ": clear its first page" : "")));
        newlyDamaged.forEach(why -> steps.add("leave aside what cannot be read then: " + why));
        if (forgetsFirst()) {
            steps.add(
                    "forget that blob 0x" + Long.toHexString(store.superBlock().superBlob()) + " is the first");
        }
        count.halves()
                .forEach(h -> steps.add((h.stays() ? "keep" : "remove") + " snapshot " + new BlobId(h.snapshot())
                        + ", which was half made or half removed"));
        if (keeps) {
            steps.add("keep used what damaged blobs may have");
        }
        steps.add("write the masks: "
                + change("metadata pages", space.pages, masks == null ? null : masks.pages)
                + ", " + change("clusters", space.clusters, masks == null ? null : masks.clusters)
                + ", " + change("blobs", space.blobs, masks == null ? null : masks.blobs));
        steps.add("mark the store as unloaded");
        return steps;
    }

    private static String change(String what, BitSet bits, @Nullable BitSet before) {
        String all = bits.cardinality() + " " + what;
        return before == null
                ? all
                : all + " (set " + Inspection.minus(bits, before).cardinality() + ", clear "
                        + Inspection.minus(before, bits).cardinality() + ")";
    }

    /** Does it. */
    CompletableFuture<Void> run() {
        int[] pages = roots.stream().toArray();
        return Steps.each(pages.length, i -> store.zeroPage(pages[i]))
                .thenCompose(_ -> store.device.barrier())
                .thenCompose(_ -> forgetsFirst()
                        ? store.writeSuper(store.superBlock().withSuperBlob(SuperBlock.NO_BLOB))
                        : Steps.done())
                .thenCompose(_ -> Recovery.completeHalves(store, count.halves()))
                .thenCompose(_ -> store.writeClean());
    }
}
