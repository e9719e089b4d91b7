// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/** A small store on a device whose power can be cut, and what can be seen of its blobs. */
final class PowerCutWorld implements AutoCloseable {
    static final int CLUSTER = 4096;
    static final int DEVICE_BYTES = 96 * CLUSTER;
    static final BlobstoreOptions OPTIONS =
            BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER).withMetadataPages(24, 0);

    final SpdkApp app;
    final SpdkThread thread;
    final PowerCutBdev device = PowerCutBdev.ofBytes(DEVICE_BYTES);
    private final Bdev bdev;

    PowerCutWorld() throws Exception {
        app = SpdkApp.builder()
                .name("power-cut")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .start();
        thread = app.runtime().createThread("md");
        bdev = app.call(() -> device.register(app.bdevs(), "PowerCut")).get(10, TimeUnit.SECONDS);
    }

    /** The name of the device. */
    String bdevName() {
        return bdev.name();
    }

    /** What can be seen of a blob: the first clusters and the last, each by its checksum. */
    record Seen(
            long clusters,
            boolean readOnly,
            Map<String, List<Byte>> xattrs,
            List<Long> data,
            Optional<BlobId> parent) {}

    /** Has a page of metadata look intact. */
    static void seal(byte[] image, int page) {
        CRC32C crc = new CRC32C();
        crc.update(image, page, 4092);
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(page + 4092, (int) crc.getValue());
    }

    /** Runs in a task of the metadata thread. */
    <T> T run(Callable<T> body) throws Exception {
        CompletableFuture<T> end = thread.<T>spawn("power-cut", body).future();
        return end.get(60, TimeUnit.SECONDS);
    }

    Blobstore init() throws Exception {
        return Task.await(Blobstore.init(app, thread, bdev.name(), OPTIONS));
    }

    Blobstore load() throws Exception {
        return Task.await(Blobstore.load(app, thread, bdev.name(), OPTIONS));
    }

    /** All blobs, and the sum of the clusters they have. In a task. */
    TreeMap<BlobId, Seen> look(Blobstore store, long[] allocated) throws Exception {
        TreeMap<BlobId, Seen> all = new TreeMap<>();
        try (BlobChannel channel = store.openChannel();
                DmaBuf buf = app.dmaPool().allocate(CLUSTER)) {
            for (BlobId id : Task.call(store::blobIds)) {
                Blob blob = Task.await(store.openBlob(id));
                allocated[0] += Task.call(blob::allocatedClusters);
                all.put(id, look(blob, channel, buf));
                Task.await(blob.close());
            }
            channel.close();
            Task.await(channel.closed());
        }
        return all;
    }

    private Seen look(Blob blob, BlobChannel channel, DmaBuf buf) throws Exception {
        Map<String, List<Byte>> xattrs = new TreeMap<>();
        Optional<BlobId> parent = Task.call(() -> {
            for (String name : blob.xattrNames()) {
                List<Byte> value = new ArrayList<>();
                for (byte b : Objects.requireNonNull(blob.xattr(name))) {
                    value.add(b);
                }
                xattrs.put(name, value);
            }
            return blob.store().parentSnapshot(blob.id());
        });
        List<Long> data = new ArrayList<>();
        long per = blob.store().ioUnitsPerCluster();
        for (long c = 0; c < blob.clusters(); c = c < 8 ? c + 1 : Math.max(c + 1, blob.clusters() - 1)) {
            channel.read(blob, buf, c * per, per);
            CRC32 crc = new CRC32();
            crc.update(buf.segment().asByteBuffer());
            data.add(crc.getValue());
        }
        return new Seen(blob.clusters(), blob.isReadOnly(), xattrs, data, parent);
    }

    @Override
    public void close() throws Exception {
        thread.exit().get(30, TimeUnit.SECONDS);
        app.bdevs().unregister(bdev).get(30, TimeUnit.SECONDS);
        app.close();
    }
}
