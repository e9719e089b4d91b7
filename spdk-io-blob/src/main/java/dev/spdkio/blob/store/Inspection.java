// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.Remedy;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.check.Subject;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@link dev.spdkio.blob.check.BlobstoreCheck}, at work: looks at the metadata behind a super block twice, as the masks
 * say, if a load would go by them, and as the pages say; and compares.
 */
public final class Inspection {
    /** Blobs of which it is told with whom they share something. */
    private static final int MAX_CONFLICTS = 64;

    private static final MemorySegment ZEROES = MemorySegment.ofArray(new byte[MetadataPage.BYTES]);

    private final Offline offline;
    private final CautiousDevice device;
    private final SuperBlock superBlock;
    private final Findings findings;
    private final RepairOptions options;

    /** What the masks say, whether that counts or not; null if they cannot be read. */
    private @Nullable Space masks;

    /** As the masks say, if a load goes by them; else null. */
    private @Nullable Count trusted;

    /** Blobs of which the masks know, and no page. */
    private final BitSet missing = new BitSet();

    /** Pages with something on them that nobody wrote so. */
    private final BitSet broken = new BitSet();

    /** Blobs that share something with another. */
    private final Set<Long> sharing = new TreeSet<>();

    /** A census, and what came of it. */
    record Count(Store store, Census census, List<Census.Half> halves) {
        Space space() {
            return store.space;
        }

        Map<Long, String> damaged() {
            return store.damaged;
        }

        /** Whether a blob is there, whole or not. */
        boolean has(long id) {
            return census.has(id) || store.damaged.containsKey(id);
        }
    }

    private Inspection(
            Offline offline, CautiousDevice device, SuperBlock superBlock, Findings findings, RepairOptions options) {
        this.offline = offline;
        this.device = device;
        this.superBlock = superBlock;
        this.findings = findings;
        this.options = options;
    }

    /** Examines a device, and does what is planned if it is a repair. Any thread. */
    public static CompletableFuture<CheckReport> run(
            BdevManager bdevs, SpdkThread thread, String name, RepairOptions options, boolean repair) {
        Offline offline = new Offline(bdevs, thread, name, repair ? "repair" : "examination");
        return offline.use(repair, device -> {
            Findings findings = new Findings();
            return offline.superBlock(device, findings)
                    .thenCompose(s -> s.isPresent()
                            ? new Inspection(offline, device, s.get(), findings, options).run(repair)
                            : CompletableFuture.completedFuture(findings.report(name, null, List.of(), List.of())));
        });
    }

    private CompletableFuture<CheckReport> run(boolean repair) {
        return masks().thenCompose(_ -> pages(Set.of(), new Notes()))
                .thenCompose(count -> compare(count)
                        .thenCompose(_ -> dropping(count))
                        .thenCompose(after -> finish(count, after, repair)));
    }

    // ---- what there is ----------------------------------------------------------------------------------------------

    private CompletableFuture<Void> masks() {
        Store store = offline.store(device, superBlock);
        Census census = new Census(store, Census.Witness.NONE);
        return Steps.after(census.readMasks(), (_, failure) -> {
                    boolean would = Recovery.trustsMasks(store);
                    if (failure == null) {
                        masks = store.space;
                        return would ? census.ofMasks().thenAccept(free -> trust(store, census, free)) : Steps.done();
                    }
                    if (!(failure instanceof MalformedMetadataException)) {
                        return Steps.ended(failure);
                    }
                    if (would) {
                        findings.add(
                                Severity.RECOVERABLE, Subject.MASK, String.valueOf(failure.getMessage()), Remedy.LOAD);
                    }
                    return Steps.done();
                })
                .thenRun(() -> {
                    if (superBlock.clean() && superBlock.blobMask().length() == 0) {
                        findings.add(
                                Severity.NOTE,
                                Subject.MASK,
                                "version " + superBlock.version()
                                        + " has no mask of blobs: each load rebuilds the masks",
                                Remedy.NONE);
                    } else if (!superBlock.clean() && findings.worst == Severity.NOTE) {
                        findings.add(
                                Severity.RECOVERABLE,
                                Subject.SUPER_BLOCK,
                                "the store was not unloaded: a load rebuilds the masks from the pages",
                                Remedy.LOAD);
                    }
                });
    }

    private void trust(Store store, Census census, Places free) {
        if (free.isEmpty()) {
            trusted = count(store, census);
        }
        free(Subject.PAGE, free.pages(), ": a load rebuilds the masks from the pages", Remedy.LOAD);
        free(Subject.CLUSTER, free.clusters(), ": a load rebuilds the masks from the pages", Remedy.LOAD);
    }

    private CompletableFuture<Count> pages(Set<Long> without, Census.Witness witness) {
        Store store = offline.store(device, superBlock);
        Census census = new Census(store, witness);
        BitSet first = trusted == null ? new BitSet() : trusted.space().blobs;
        return census.ofPages(first, without).thenApply(_ -> count(store, census));
    }

    private static Count count(Store store, Census census) {
        Count count = new Count(store, census, census.halves());
        census.checkParents();
        return count;
    }

    /** What is worth knowing of pages and blobs. */
    private final class Notes implements Census.Witness {
        @Override
        public void page(int at, MemorySegment page) {
            if (MemorySegment.mismatch(page, 0, MetadataPage.BYTES, ZEROES, 0, MetadataPage.BYTES) >= 0
                    && !MetadataPage.isIntact(page)) {
                broken.set(at);
            }
        }

        @Override
        public void blob(BlobState state) {
            BlobRecord r = state.record;
            String name = "blob " + new BlobId(state.id);
            byte[] external = r.internalXattrs.get(BlobState.EXTERNAL_SNAPSHOT);
            if (external != null) {
                String bdev = ExternalDevice.decode(external);
                String absent = offline.devices.bdevs().lookup(bdev) == null ? ", which is not there now" : "";
                note(state.id, name + " stands on the device '" + bdev + "'" + absent);
            }
            if (r.hasUnknownDataFlags() || r.hasUnknownMetadataFlags()) {
                note(state.id, name + " has flags of a later version, and cannot be changed");
            }
            long size = device.bdev().sizeBytes();
            long beyond = 0;
            for (int c : r.map) {
                beyond += c != 0 && (c + 1L) * superBlock.clusterSize() > size ? 1 : 0;
            }
            if (beyond > 0) {
                findings.addBlob(
                        Severity.DAMAGE,
                        Subject.BLOB,
                        state.id,
                        name + " has " + beyond + " clusters beyond the end of the device",
                        Remedy.DEVICE);
            }
        }

        private void note(long id, String text) {
            findings.addBlob(Severity.NOTE, Subject.BLOB, id, text, Remedy.NONE);
        }
    }

    // ---- what is wrong ----------------------------------------------------------------------------------------------

    private CompletableFuture<Void> compare(Count pages) {
        device.unreadable.forEach((offset, why) -> {
            long page = offset / superBlock.metadataPageSize()
                    - superBlock.metadata().start();
            String place = page < 0 ? "byte " + offset + " of the masks" : "metadata page " + page;
            findings.add(
                    Severity.DAMAGE,
                    page < 0 ? Subject.MASK : Subject.PAGE,
                    place + " cannot be read: " + why,
                    Remedy.DEVICE);
        });
        if (trusted != null) {
            compare(trusted, pages);
        }
        pages.damaged().forEach(this::damaged);
        pages.halves()
                .forEach(h -> findings.addBlob(
                        Severity.RECOVERABLE,
                        Subject.SNAPSHOT,
                        h.snapshot(),
                        "snapshot " + new BlobId(h.snapshot()) + " was half made or half removed: a load "
                                + (h.stays() ? "keeps it, for " : "removes it, and leaves ") + "blob "
                                + new BlobId(h.cloneId()) + (h.stays() ? " stands on it" : " as it is"),
                        Remedy.LOAD));
        long first = superBlock.superBlob();
        if (first != SuperBlock.NO_BLOB && !pages.has(first) && !isMissing(first)) {
            findings.add(
                    Severity.RECOVERABLE,
                    Subject.SUPER_BLOCK,
                    "the first blob is to be 0x" + Long.toHexString(first) + ", which is not there",
                    Remedy.REPAIR);
        }
        broken.andNot(pages.space().pages);
        broken.andNot(missing);
        findings.addRuns(
                Severity.NOTE,
                Subject.PAGE,
                broken,
                " written in part, or overwritten; no blob has it, unless it was the first of one that is gone",
                Remedy.NONE);
        return conflicts(pages);
    }

    private void damaged(long id, String why) {
        boolean known = trusted == null || trusted.space().blobs.get((int) id);
        findings.addBlob(
                known ? Severity.DAMAGE : Severity.NOTE,
                Subject.BLOB,
                id,
                known ? why : why + "; the mask of blobs does not know it",
                Remedy.DROP);
    }

    /** Whether the masks know a blob, and no page. */
    private boolean isMissing(long id) {
        return id >>> Integer.SIZE == 1 && (int) id >= 0 && missing.get((int) id);
    }

    private void compare(Count masks, Count pages) {
        missing.or(masks.space().blobs);
        missing.andNot(pages.space().blobs);
        missing.stream()
                .mapToLong(BlobState::idOf)
                .forEach(id -> findings.addBlob(
                        Severity.DAMAGE,
                        Subject.BLOB,
                        id,
                        "blob " + new BlobId(id) + " is in the mask of blobs, but its first page, metadata page "
                                + (int) id + ", is something else",
                        Remedy.DROP));
        BitSet unknown = minus(pages.space().blobs, masks.space().blobs);
        unknown.stream()
                .mapToLong(BlobState::idOf)
                .filter(pages.census()::has)
                .forEach(id -> findings.addBlob(
                        Severity.RECOVERABLE,
                        Subject.BLOB,
                        id,
                        "blob " + new BlobId(id) + " is whole, but not in the mask of blobs: a load does not see it",
                        Remedy.REPAIR));
        masks.damaged().forEach((id, why) -> {
            if (pages.census().has(id)) {
                findings.addBlob(
                        Severity.RECOVERABLE,
                        Subject.BLOB,
                        id,
                        "a load sets blob " + new BlobId(id) + " aside, which is whole by its pages: " + why,
                        Remedy.REPAIR);
            }
        });
        BitSet freePages = minus(pages.space().pages, masks.space().pages);
        freePages.andNot(unknown);
        BitSet leakedPages = minus(masks.space().pages, pages.space().pages);
        leakedPages.andNot(missing);
        boolean theirs = !pages.damaged().isEmpty() || !missing.isEmpty();
        free(Subject.PAGE, freePages, "", Remedy.REPAIR);
        leaked(Subject.PAGE, leakedPages, theirs);
        free(Subject.CLUSTER, minus(pages.space().clusters, masks.space().clusters), "", Remedy.REPAIR);
        leaked(Subject.CLUSTER, minus(masks.space().clusters, pages.space().clusters), theirs);
    }

    private void free(Subject subject, BitSet places, String then, Remedy remedy) {
        findings.addRuns(Severity.RECOVERABLE, subject, places, " used, but free in the mask" + then, remedy);
    }

    private void leaked(Subject subject, BitSet places, boolean theirs) {
        findings.addRuns(
                theirs ? Severity.NOTE : Severity.RECOVERABLE,
                subject,
                places,
                " used in the mask, and of no blob" + (theirs ? " that can be read" : ""),
                theirs ? Remedy.DROP : Remedy.REPAIR);
    }

    static BitSet minus(BitSet a, BitSet b) {
        BitSet result = a.get(0, a.length());
        result.andNot(b);
        return result;
    }

    // ---- who has what another has -----------------------------------------------------------------------------------

    private CompletableFuture<Void> conflicts(Count pages) {
        long[] second = pages.census().conflicts().stream()
                .filter(pages.damaged()::containsKey)
                .limit(MAX_CONFLICTS)
                .mapToLong(Long::longValue)
                .toArray();
        if (second.length == 0) {
            return Steps.done();
        }
        Map<Long, Places> owned = new TreeMap<>();
        int[] all = pages.space().blobs.stream().toArray();
        return Steps.each(second.length, i -> load(pages.store(), second[i], o -> owned.put(second[i], o)))
                .thenCompose(_ -> Steps.each(all.length, i -> {
                    long other = BlobState.idOf(all[i]);
                    return load(
                            pages.store(),
                            other,
                            o -> owned.forEach((id, mine) -> {
                                if (id != other && !(owned.containsKey(other) && other > id)) {
                                    shared(Subject.PAGE, id, other, mine.pages(), o.pages());
                                    shared(Subject.CLUSTER, id, other, mine.clusters(), o.clusters());
                                }
                            }));
                }));
    }

    private void shared(Subject subject, long id, long other, BitSet mine, BitSet others) {
        if (mine.intersects(others)) {
            BitSet both = mine.get(0, mine.length());
            both.and(others);
            findings.addShared(subject, id, other, both);
            sharing.add(id);
            sharing.add(other);
        }
    }

    private interface Taker {
        void take(Places owned);
    }

    /** What a blob has; of one that is damaged, nothing. */
    private static CompletableFuture<Void> load(Store store, long id, Taker taker) {
        Loader loader = new Loader(store, id);
        return Steps.after(loader.read(), (_, failure) -> {
            if (failure == null) {
                taker.take(loader.places());
            }
            return failure instanceof MalformedMetadataException ? Steps.done() : Steps.ended(failure);
        });
    }

    // ---- what to do -------------------------------------------------------------------------------------------------

    /** Counts again without what is to be dropped, until nothing more is. */
    private CompletableFuture<After> dropping(Count count) {
        Set<Long> drop = new TreeSet<>();
        for (BlobId id : options.drop()) {
            if (count.census().has(id.value()) && !sharing.contains(id.value())) {
                throw new IllegalArgumentException("blob " + id + " of the store on bdev " + offline.name
                        + " is not damaged, and is not dropped: delete it from the loaded store");
            }
            if (count.has(id.value()) || isMissing(id.value())) {
                drop.add(id.value()); // else it is gone already
            }
        }
        if (options.dropDamaged()) {
            missing.stream().mapToLong(BlobState::idOf).forEach(drop::add);
        }
        return drop(count, drop);
    }

    private CompletableFuture<After> drop(Count count, Set<Long> drop) {
        boolean more = options.dropDamaged() && drop.addAll(count.damaged().keySet());
        if (!more && count.space().blobs.stream().mapToLong(BlobState::idOf).noneMatch(drop::contains)) {
            return CompletableFuture.completedFuture(new After(count, drop));
        }
        return pages(drop, Census.Witness.NONE).thenCompose(next -> drop(next, drop));
    }

    /** What there is when some are dropped. */
    private record After(Count count, Set<Long> dropped) {}

    private CompletableFuture<CheckReport> finish(Count before, After after, boolean repair) {
        CheckReport.Contents contents = contents(before);
        boolean accepts = findings.ask(Remedy.ACCEPT_SUPER_BLOCK);
        boolean refused = !device.unreadable.isEmpty()
                || superBlock.size() > device.bdev().sizeBytes()
                || (accepts && !options.acceptSuperBlock());
        boolean needed =
                accepts || findings.ask(Remedy.LOAD) || findings.ask(Remedy.REPAIR) || !after.dropped.isEmpty();
        Repair plan = needed && !refused ? plan(before, after) : null;
        List<String> steps = new ArrayList<>();
        if (plan != null) {
            if (accepts) {
                steps.add("take the super block as it is");
            }
            steps.addAll(plan.steps(masks));
        }
        CheckReport report = findings.report(
                device.bdev().name(),
                contents,
                after.dropped.stream().map(BlobId::new).toList(),
                steps);
        return plan != null && repair ? plan.run().thenApply(_ -> report) : CompletableFuture.completedFuture(report);
    }

    private Repair plan(Count before, After after) {
        BitSet gone = new BitSet();
        after.dropped.forEach(id -> gone.set(id.intValue()));
        BitSet roots = gone.get(0, gone.length());
        roots.and(before.space().blobs); // others are pages of who knows what
        Map<Long, String> newly = new TreeMap<>(after.count.damaged());
        newly.keySet().removeAll(before.damaged().keySet());
        BitSet kept = minus(missing, gone);
        Repair plan = new Repair(after.count, gone, roots, newly.values());
        if (trusted != null && !(after.count.damaged().isEmpty() && kept.isEmpty())) {
            plan.keep(trusted.space(), kept);
        }
        return plan;
    }

    private CheckReport.Contents contents(Count count) {
        return new CheckReport.Contents(
                superBlock.version(),
                superBlock.clean(),
                superBlock.type().text(),
                superBlock.clusterSize(),
                superBlock.metadataPageSize(),
                superBlock.metadata().length(),
                count.space().pages.cardinality(),
                superBlock.clusters(),
                count.space().clusters.cardinality(),
                count.census().size(),
                count.damaged().size() + missing.cardinality());
    }
}
