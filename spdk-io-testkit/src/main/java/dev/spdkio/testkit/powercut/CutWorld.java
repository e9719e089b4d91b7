// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.Engine;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import dev.spdkio.testkit.PowerCutBdev;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** A small store on a device whose power can be cut, in a simulation. One OS thread. */
final class CutWorld implements AutoCloseable {
    static final int CLUSTER = 4096;
    static final int METADATA_PAGES = 24;
    static final int DEVICE_BYTES = 76 * CLUSTER;

    private static final int SECTOR = PowerCutBdev.BLOCK_BYTES;
    private static final int SECTORS = CLUSTER / SECTOR;
    private static final String NAME = "PowerCut";
    private static final BlobstoreOptions OPTIONS =
            BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER).withMetadataPages(METADATA_PAGES, 0);

    final PowerCutBdev device = PowerCutBdev.ofBytes(DEVICE_BYTES);
    final DmaBuf buf;
    private final SimulatedRuntime runtime = SimulatedRuntime.create(1, 1);
    private final SpdkThread metadataThread;
    private final DmaPool pool;
    private final BdevManager bdevs;
    private final BlobstoreProvider provider;

    CutWorld() {
        SpdkThread app = runtime.createThread("app");
        metadataThread = runtime.createThread("metadata");
        pool = DmaPool.builder()
                .name("power cuts")
                .limitBytes(4 << 20)
                .slabBytes(2 << 20)
                .pages(PageKind.NORMAL)
                .build();
        bdevs = BdevManager.create(runtime, app, pool, BdevOptions.DEFAULT);
        var _ = runtime.call(app, () -> device.register(bdevs, NAME));
        provider = BlobstoreProvider.of(Engine.JAVA).orElseThrow();
        buf = pool.allocate(View.HEAD * CLUSTER);
    }

    <T> T await(CompletableFuture<T> future) {
        return runtime.await(future);
    }

    /** On the metadata thread. */
    <T> T call(Callable<T> body) {
        return runtime.call(metadataThread, body);
    }

    Blobstore open(Mode mode) {
        return await(provider.openOn(bdevs, metadataThread, NAME, OPTIONS, mode));
    }

    /** Whether nobody has the device. */
    boolean isIdle() {
        return Objects.requireNonNull(bdevs.lookup(NAME)).openCount() == 0;
    }

    BlobChannel channel(Blobstore store) {
        return call(store::openChannel);
    }

    /**
     * Looks at everything. Blobs are opened and closed for that, which syncs those that need it.
     *
     * @param opened gives the blobs that are open already, null for others
     */
    View look(Blobstore store, BlobChannel channel, LongFunction<@Nullable Blob> opened) {
        View view = new View();
        for (BlobId id : call(store::blobIds)) {
            Blob known = opened.apply(id.value());
            Blob blob = known == null ? await(store.openBlob(id)) : known;
            view.allocated += call(blob::allocatedClusters);
            view.blobs.put(id.value(), look(blob, channel));
            if (known == null) {
                await(blob.close());
            }
        }
        view.superBlob = await(store.superBlob()).map(BlobId::value).orElse(View.NONE);
        view.used = call(() -> store.totalClusters() - store.freeClusters());
        return view;
    }

    /** Looks at an open blob. */
    View.Seen look(Blob blob, BlobChannel channel) {
        View.Meta meta = call(() -> {
            Map<String, String> xattrs = new TreeMap<>();
            for (String name : blob.xattrNames()) {
                byte[] value = Objects.requireNonNull(blob.xattr(name));
                xattrs.put(name, value.length + ":" + HexFormat.of().formatHex(value, 0, Math.min(4, value.length)));
            }
            long parent =
                    blob.store().parentSnapshot(blob.id()).map(BlobId::value).orElse(View.NONE);
            return new View.Meta(blob.clusters(), blob.isReadOnly(), xattrs, parent);
        });
        int head = (int) Math.min(meta.clusters(), View.HEAD);
        return new View.Seen(
                meta,
                sectors(blob, channel, 0, head),
                meta.clusters() > View.HEAD ? sectors(blob, channel, meta.clusters() - 1, 1) : new long[0]);
    }

    private long[] sectors(Blob blob, BlobChannel channel, long cluster, int count) {
        long[] values = new long[count * SECTORS];
        Blobstore store = blob.store();
        long bytes = Math.max((long) count * CLUSTER, store.ioUnitSize()); // of a damaged store both may be others
        if (count == 0 || bytes > buf.size()) {
            return new long[0];
        }
        await(channel.readAsync(blob, buf, cluster * store.ioUnitsPerCluster(), bytes / store.ioUnitSize()));
        for (int i = 0; i < values.length; i++) {
            values[i] = value(buf.segment().asSlice((long) i * SECTOR, SECTOR));
        }
        return values;
    }

    private static long value(MemorySegment sector) {
        if (MemorySegment.mismatch(sector, 0, SECTOR - 1, sector, 1, SECTOR) < 0) {
            return sector.get(ValueLayout.JAVA_BYTE, 0);
        }
        CRC32 crc = new CRC32();
        crc.update(sector.asByteBuffer());
        return crc.getValue() | 1L << 40;
    }

    @Override
    public void close() {
        buf.close();
        await(bdevs.closeAsync());
        runtime.close();
        var _ = pool.closeAsync().join();
    }
}
