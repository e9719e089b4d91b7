// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Task;
import java.util.List;
import java.util.Map;

/**
 * What scripts are made of. All work on the same few blobs: a thick one, a thin one in each form of the map, and a
 * snapshot with two clones. Each operation ends synced, so that it is done or not.
 */
final class PowerCutScript {
    /** An operation. */
    interface Op {
        void run(PowerCutWorld world, Blobstore store) throws Exception;
    }

    private static final BlobId NONE_YET = new BlobId(1L << 32);

    private final PowerCutWorld world;
    BlobId thick = NONE_YET;
    BlobId thin = NONE_YET;
    BlobId rle = NONE_YET;
    BlobId based = NONE_YET;
    BlobId snapshot = NONE_YET;
    BlobId clone = NONE_YET;

    PowerCutScript(PowerCutWorld world) {
        this.world = world;
    }

    /** Makes the blobs. In a task. */
    void prepare(Blobstore store) throws Exception {
        thick = Task.await(store.createBlob(BlobOptions.ofClusters(3).withXattr("who", new byte[] {1})));
        thin = Task.await(store.createBlob(BlobOptions.thin(4)));
        rle = Task.await(store.createBlob(BlobOptions.thin(5).withExtentTable(false)));
        based = Task.await(store.createBlob(BlobOptions.thin(4)));
        for (BlobId id : List.of(thick, thin, rle, based)) {
            write(store, id, 0, 1);
            write(store, id, 2, 3);
        }
        snapshot = Task.await(store.createSnapshot(based, Map.of("kept", new byte[] {7})));
        write(store, based, 0, 9);
        clone = Task.await(store.createClone(snapshot, Map.of()));
    }

    /** All operations, by name. */
    Map<String, Op> operations() {
        return Map.ofEntries(
                Map.entry("create", (_, s) -> Task.await(s.createBlob(BlobOptions.thin(600)))),
                Map.entry(
                        "createRle",
                        (_, s) -> Task.await(
                                s.createBlob(BlobOptions.ofClusters(2).withExtentTable(false)))),
                Map.entry("deleteThick", (_, s) -> Task.await(s.deleteBlob(thick))),
                Map.entry("deleteRle", (_, s) -> Task.await(s.deleteBlob(rle))),
                Map.entry("deleteSnapshot", (_, s) -> Task.await(s.deleteBlob(snapshot))),
                Map.entry("deleteClone", (_, s) -> Task.await(s.deleteBlob(clone))),
                Map.entry("growThick", (_, s) -> resize(s, thick, 6)),
                Map.entry("shrinkThick", (_, s) -> resize(s, thick, 1)),
                Map.entry("shrinkRle", (_, s) -> resize(s, rle, 1)),
                Map.entry("growThin", (_, s) -> resize(s, thin, 700)),
                Map.entry("writeThin", (_, s) -> write(s, thin, 1, 5)),
                Map.entry("writeRle", (_, s) -> write(s, rle, 4, 6)),
                Map.entry("writeBased", (_, s) -> writePart(s, based, 2, 8)),
                Map.entry("overwrite", (_, s) -> write(s, thick, 2, 11)),
                Map.entry("unmapThin", (_, s) -> unmap(s, thin, 2)),
                Map.entry("unmapRle", (_, s) -> unmap(s, rle, 0)),
                Map.entry("xattr", (_, s) -> xattr(s, thick, 40)),
                Map.entry("manyXattrs", (_, s) -> xattr(s, rle, 3000)),
                Map.entry("snapshot", (_, s) -> Task.await(s.createSnapshot(thin, Map.of()))),
                Map.entry("snapshotRle", (_, s) -> Task.await(s.createSnapshot(rle, Map.of()))),
                Map.entry("snapshotBased", (_, s) -> Task.await(s.createSnapshot(based, Map.of()))),
                Map.entry("clone", (_, s) -> Task.await(s.createClone(snapshot, Map.of()))),
                Map.entry("inflate", (_, s) -> Task.await(s.inflate(based))),
                Map.entry("decouple", (_, s) -> Task.await(s.decoupleParent(clone))),
                Map.entry("superBlob", (_, s) -> Task.await(s.setSuperBlob(thick))),
                Map.entry("readOnly", (_, s) -> readOnly(s, thin)));
    }

    /** Runs an operation, which the one before may have made impossible. */
    void run(Op op, Blobstore store) throws Exception {
        try {
            op.run(world, store);
        } catch (SpdkException | IllegalStateException refused) {
            // it is a script like others then
        }
    }

    // ---- pieces -----------------------------------------------------------------------------------------------------

    private interface WithBlob {
        void run(Blob blob) throws Exception;
    }

    private static void with(Blobstore store, BlobId id, WithBlob body) throws Exception {
        Blob blob = Task.await(store.openBlob(id));
        try {
            body.run(blob);
            Task.await(blob.sync());
        } finally {
            Task.await(blob.close());
        }
    }

    private void data(Blobstore store, BlobId id, WithChannel body) throws Exception {
        with(store, id, blob -> {
            try (BlobChannel channel = store.openChannel();
                    DmaBuf buf = world.app.dmaPool().allocate(PowerCutWorld.CLUSTER)) {
                body.run(blob, channel, buf);
                channel.close();
                Task.await(channel.closed());
            }
        });
    }

    private interface WithChannel {
        void run(Blob blob, BlobChannel channel, DmaBuf buf) throws Exception;
    }

    private void write(Blobstore store, BlobId id, long cluster, int value) throws Exception {
        data(store, id, (blob, channel, buf) -> {
            buf.fill((byte) value);
            long per = store.ioUnitsPerCluster();
            channel.write(blob, buf, cluster * per, per);
        });
    }

    private void writePart(Blobstore store, BlobId id, long cluster, int value) throws Exception {
        data(store, id, (blob, channel, buf) -> {
            buf.fill((byte) value);
            channel.write(blob, buf, cluster * store.ioUnitsPerCluster() + 1, 1);
        });
    }

    private void unmap(Blobstore store, BlobId id, long cluster) throws Exception {
        data(store, id, (blob, channel, _) -> {
            long per = store.ioUnitsPerCluster();
            channel.unmap(blob, cluster * per, per);
        });
    }

    private static void resize(Blobstore store, BlobId id, long clusters) throws Exception {
        with(store, id, blob -> Task.await(blob.resize(clusters)));
    }

    private static void xattr(Blobstore store, BlobId id, int bytes) throws Exception {
        with(store, id, blob -> {
            boolean _ = Task.call(() -> {
                for (int i = 0; i < 3; i++) {
                    blob.setXattr("x" + i, new byte[bytes]);
                }
                return true;
            });
        });
    }

    private static void readOnly(Blobstore store, BlobId id) throws Exception {
        with(store, id, blob -> {
            boolean _ = Task.call(() -> {
                blob.setReadOnly();
                return true;
            });
        });
    }
}
