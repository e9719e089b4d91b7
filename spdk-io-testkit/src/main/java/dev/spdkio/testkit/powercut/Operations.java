// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What scripts are made of. All work on the same few blobs: a thick one, a thin one in each form of the map, and a
 * snapshot with two clones.
 *
 * <p>Writes, unmaps and attributes are not synced, and leave their blob open; {@code sync} syncs and closes those.
 */
final class Operations {
    /** An operation. What it is refused it leaves undone. */
    interface Op {
        void run(Script s);
    }

    private Operations() {}

    /** The blobs there are from the start. */
    record Blobs(BlobId thick, BlobId thin, BlobId rle, BlobId based, BlobId snapshot, BlobId copy) {}

    /** Makes the blobs. */
    static Blobs prepare(Script s) {
        BlobId thick = s.await(s.store().createBlob(BlobOptions.ofClusters(3).withXattr("who", new byte[] {1})));
        BlobId thin = s.await(s.store().createBlob(BlobOptions.thin(4)));
        BlobId rle = s.await(s.store().createBlob(BlobOptions.thin(5).withExtentTable(false)));
        BlobId based = s.await(s.store().createBlob(BlobOptions.thin(4)));
        for (BlobId id : new BlobId[] {thick, thin, rle, based}) {
            s.write(id, 0, 1);
            s.write(id, 2, 3);
        }
        s.syncAll();
        BlobId snapshot = s.await(s.store().createSnapshot(based, Map.of("kept", new byte[] {7})));
        s.write(based, 0, 9);
        s.syncAll();
        BlobId clone = s.await(s.store().createClone(snapshot, Map.of()));
        return new Blobs(thick, thin, rle, based, snapshot, clone);
    }

    /** All, by name. */
    static Map<String, Op> of(Blobs b) {
        Map<String, Op> all = new TreeMap<>();
        all.put("createThin", s -> s.await(s.store().createBlob(BlobOptions.thin(600))));
        all.put(
                "createRle",
                s -> s.await(s.store().createBlob(BlobOptions.ofClusters(2).withExtentTable(false))));
        all.put("deleteThick", s -> s.await(s.store().deleteBlob(b.thick)));
        all.put("deleteThin", s -> s.await(s.store().deleteBlob(b.thin)));
        all.put("deleteRle", s -> s.await(s.store().deleteBlob(b.rle)));
        all.put("deleteSnapshot", s -> s.await(s.store().deleteBlob(b.snapshot)));
        all.put("deleteClone", s -> s.await(s.store().deleteBlob(b.copy)));
        all.put("growThick", s -> s.resize(b.thick, 6));
        all.put("shrinkThick", s -> s.resize(b.thick, 1));
        all.put("growThin", s -> s.resize(b.thin, 700));
        all.put("shrinkThin", s -> s.resize(b.thin, 2));
        all.put("shrinkRle", s -> s.resize(b.rle, 1));
        all.put("overwrite", s -> s.write(b.thick, 2, 11));
        all.put("writeThin", s -> s.write(b.thin, 1, 5));
        all.put("writeRle", s -> s.write(b.rle, 4, 6));
        all.put("writeBased", s -> s.writeUnit(b.based, 2, 8));
        all.put("writeClone", s -> s.writeUnit(b.copy, 0, 12));
        all.put("unmapThin", s -> s.unmap(b.thin, 2));
        all.put("unmapRle", s -> s.unmap(b.rle, 0));
        all.put("xattr", s -> s.xattrs(b.thick, 40));
        all.put("manyXattrs", s -> s.xattrs(b.rle, 3000));
        all.put("readOnly", s -> s.readOnly(b.thin));
        all.put("sync", Script::syncAll);
        all.put("snapshotThin", s -> s.await(s.store().createSnapshot(b.thin, Map.of())));
        all.put("snapshotRle", s -> s.await(s.store().createSnapshot(b.rle, Map.of())));
        all.put("snapshotBased", s -> s.await(s.store().createSnapshot(b.based, Map.of())));
        all.put("clone", s -> s.await(s.store().createClone(b.snapshot, Map.of())));
        all.put("inflate", s -> s.await(s.store().inflate(b.based)));
        all.put("decouple", s -> s.await(s.store().decoupleParent(b.copy)));
        all.put("superBlob", s -> s.await(s.store().setSuperBlob(b.thick)));
        all.put("reload", Script::reload);
        return Collections.unmodifiableMap(all);
    }
}
