// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** New blobs, and other sizes of those there are. In operations. */
final class Creation {
    private Creation() {}

    /** An attribute's name as the device has it: its bytes, each as one character. */
    static String inner(String name) {
        return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    static String outer(String name) {
        return new String(name.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** A blob that is on the device; the caller has a use of it. */
    static CompletableFuture<BlobState> create(Store store, String what, BlobOptions options) {
        return Steps.begin(() -> {
            BlobState blob = begin(store, what, options.extentTable(), options.thin(), options.xattrs());
            blob.clearMethod = options.clearMethod();
            blob.record.metadataReadOnlyFlags = clearFlag(options.clearMethod());
            String external = options.externalSnapshot();
            try {
                if (external != null) {
                    blob.publish(ExternalDevice.open(store, blob.id, external));
                    blob.record.invalidFlags |= BlobRecord.THIN;
                    blob.setExternal(ExternalDevice.encode(external));
                }
                resize(blob, what, options.clusters());
            } catch (SpdkException | RuntimeException e) {
                abandon(blob);
                throw e;
            }
            return write(blob);
        });
    }

    /** Claims a root page. */
    static BlobState begin(Store store, String what, boolean table, boolean thin, Map<String, byte[]> xattrs)
            throws SpdkException {
        int root = store.space.claimPage(0);
        if (root < 0) {
            throw Failures.noPages(what);
        }
        store.space.blobs.set(root);
        BlobRecord record = new BlobRecord();
        record.invalidFlags = (table ? BlobRecord.EXTENT_TABLE : 0) | (thin ? BlobRecord.THIN : 0);
        if (table) {
            record.extentPages = new int[0];
        }
        xattrs.forEach((name, value) -> record.xattrs.put(inner(name), value.clone()));
        BlobState blob = new BlobState(store, BlobState.idOf(root), record);
        blob.dirty = true;
        store.add(blob);
        return blob;
    }

    /** Writes a new blob for the first time. If that fails, nothing is left of it, or what is cannot be used. */
    static CompletableFuture<BlobState> write(BlobState blob) {
        return Steps.undo(
                Persist.write(blob, true).thenApply(_ -> blob),
                () -> Persist.erase(blob).whenComplete((_, _) -> forget(blob)));
    }

    /** A blob that never was. What may be of it on the device stays used until a recovery has looked at that. */
    static void forget(BlobState blob) {
        blob.store.space.blobs.clear(blob.rootPage());
        blob.dirty = false;
        blob.store.release(blob);
    }

    /** Nothing of it is on the device. */
    private static void abandon(BlobState blob) {
        Store store = blob.store;
        forget(blob);
        store.space.releasePage(blob.rootPage());
    }

    /** Another size, on the device after the next sync. */
    static void resize(BlobState blob, String what, long clusters) throws SpdkException {
        BlobRecord record = blob.record;
        int before = record.clusters;
        if (clusters > BlobRecord.MAX_CLUSTERS) {
            throw Failures.of(Errno.ENOSPC, what, "at most " + BlobRecord.MAX_CLUSTERS + " clusters");
        }
        int count = (int) clusters;
        if (count == before) {
            return;
        }
        if (!record.isThin() && count > before) {
            int known = Math.min(record.map.length, count);
            checkRoom(blob, what, count, known);
            blob.reserve(count);
            for (int i = known; i < count; i++) {
                take(blob, i);
            }
        } else {
            blob.reserve(count);
        }
        record.clusters = count;
        if (record.extentPages != null) {
            int first = Math.max(0, (Math.min(before, count) - 1) / BlobRecord.EXTENTS_PER_PAGE);
            blob.dirtyExtents.set(first, Math.max(first, BlobRecord.extentPages(count)));
        }
        blob.dirty = true;
        blob.publish();
    }

    private static void checkRoom(BlobState blob, String what, int count, int known) throws SpdkException {
        Space space = blob.store.space;
        if (count - known > space.freeClusters()) {
            throw Failures.noClusters(what, count - known, space.freeClusters());
        }
        int[] extents = blob.record.extentPages;
        if (extents != null) {
            int pages = 0;
            for (int i = known / BlobRecord.EXTENTS_PER_PAGE; i < BlobRecord.extentPages(count); i++) {
                pages += i < extents.length && extents[i] != 0 ? 0 : 1;
            }
            // Page 0 is never a page of a map.
            if (pages > space.freePages() - (space.pages.get(0) ? 0 : 1)) {
                throw Failures.noPages(what);
            }
        }
    }

    private static void take(BlobState blob, int place) {
        BlobRecord record = blob.record;
        record.map[place] = blob.store.space.claimCluster();
        int[] extents = record.extentPages;
        int extent = place / BlobRecord.EXTENTS_PER_PAGE;
        if (extents != null && extents[extent] == 0) {
            extents[extent] = blob.store.space.claimPage(1);
        }
    }

    private static long clearFlag(ClearMethod method) {
        return switch (method) {
            case DEFAULT -> 0;
            case NONE -> 1;
            case UNMAP -> 2;
            case WRITE_ZEROES -> 3;
        };
    }

    /** What flags say is done with clusters that are given back. */
    static ClearMethod clearMethod(long metadataReadOnlyFlags) {
        return switch ((int) metadataReadOnlyFlags & 3) {
            case 1 -> ClearMethod.NONE;
            case 2 -> ClearMethod.UNMAP;
            case 3 -> ClearMethod.WRITE_ZEROES;
            default -> ClearMethod.DEFAULT;
        };
    }
}
