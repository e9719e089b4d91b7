// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.Engine;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Param;

/** What a blob and a logical volume add to an I/O, on a device that does nothing. */
@SuppressWarnings("NullAway.Init") // set by prepare
public class BlobBenchmark extends IoBenchmark {
    private static final int BLOCK_SIZE = 4096;
    private static final long VOLUME_BLOCKS = 1 << 17;
    private static final long KEPT_BLOCKS = 2048;
    private static final long POOL_BYTES = 64 << 20;

    /** What is read and written: the device, a blob on it, or a volume. */
    @Param({"device", "blob", "thick", "thin"})
    public String on;

    /** What is done. */
    @Param({"READ", "WRITE"})
    public IoType type;

    private DmaPool pool;
    private BdevManager bdevs;
    private BdevDesc desc;
    private BdevChannel channel;
    private @Nullable Blob blob;
    private @Nullable BlobChannel blobChannel;
    private DmaBuf buf;
    private long block;

    /** Keeps the metadata of a store at its beginning, and nothing else. */
    private static final class Beginning implements BdevOps<Beginning> {
        private static final long BLOCKS = 1 << 18;
        private final MemorySegment kept = MemorySegment.ofArray(new byte[(int) KEPT_BLOCKS * BLOCK_SIZE]);

        @Override
        public void submit(Beginning channel, BdevIo io) {
            long at = io.offsetBytes();
            if (at + io.lengthBytes() <= kept.byteSize()) {
                switch (io.type()) {
                    case READ -> MemorySegment.copy(kept, at, io.memory(0), io.memoryOffset(0), io.length(0));
                    case WRITE -> MemorySegment.copy(io.memory(0), io.memoryOffset(0), kept, at, io.length(0));
                    default -> kept.asSlice(at, io.lengthBytes()).fill((byte) 0);
                }
            }
            io.complete(IoStatus.SUCCESS);
        }

        @Override
        public boolean supports(IoType what) {
            return what == IoType.READ || what == IoType.WRITE || what == IoType.WRITE_ZEROES;
        }

        @Override
        public Beginning openChannel(SpdkThread thread) {
            return this;
        }

        @Override
        public void closeChannel(Beginning channel) {}

        @Override
        public CompletionStage<Void> destruct() {
            return CompletableFuture.completedFuture(null);
        }
    }

    @Override
    protected void prepare() throws Exception {
        pool = DmaPool.builder().name("bench").limitBytes(POOL_BYTES).build();
        bdevs = BdevManager.create(runtime, thread, pool, BdevOptions.DEFAULT);
        bdevs.register(BdevSpec.builder("Base0", BLOCK_SIZE, Beginning.BLOCKS).build(), new Beginning());
        String name = "Base0";
        if (on.equals("blob")) {
            openBlob();
            return;
        }
        if (!on.equals("device")) {
            LvolStores stores = new LvolStores(bdevs);
            LvolOptions volume =
                    new LvolOptions("lvol", VOLUME_BLOCKS * BLOCK_SIZE, on.equals("thin"), ClearMethod.DEFAULT);
            name = "lvs/lvol";
            stores.create(new LvolStoreOptions("Base0", "lvs").withClearMethod(ClearMethod.NONE))
                    .thenCompose(store -> store.create(volume))
                    .join();
        }
        String opened = name;
        thread.call(() -> {
                    desc = bdevs.open(opened, OpenMode.READ_WRITE, BdevEventListener.NONE);
                    channel = desc.openChannel();
                    buf = pool.allocate(BLOCK_SIZE);
                    return true;
                })
                .join();
        // A thin volume has all its clusters then.
        for (long at = KEPT_BLOCKS; at < VOLUME_BLOCKS; at += 1024) {
            channel.writeBlocksAsync(buf, at, 1).join();
        }
    }

    private void openBlob() throws Exception {
        BlobstoreOptions options = BlobstoreOptions.DEFAULT.withClearMethod(ClearMethod.NONE);
        Blobstore store = BlobstoreProvider.of(Engine.JAVA)
                .orElseThrow()
                .openOn(bdevs, thread, "Base0", options, BlobstoreProvider.Mode.INIT)
                .join();
        long clusters = VOLUME_BLOCKS * BLOCK_SIZE / store.clusterSize();
        blob = store.createBlob(BlobOptions.ofClusters(clusters))
                .thenCompose(store::openBlob)
                .join();
        blobChannel = thread.call(store::openChannel).join();
        buf = pool.allocate(BLOCK_SIZE);
    }

    @Override
    protected void dispose() throws Exception {
        Blob opened = blob;
        if (opened != null) {
            opened.close().join();
            opened.store().unload().join();
            buf.close();
        } else {
            closeDevice();
        }
        bdevs.closeAsync().join();
        pool.close();
    }

    private void closeDevice() {
        thread.call(() -> {
                    channel.close();
                    desc.close();
                    buf.close();
                    return true;
                })
                .join();
    }

    /** From cluster to cluster, behind what the device keeps. */
    @Override
    protected void submit() {
        block = (block + 1025) & (VOLUME_BLOCKS - 1);
        BlobChannel blobs = blobChannel;
        if (blobs == null) {
            channel.submit(type, buf, 0, Math.max(block, KEPT_BLOCKS), 1, this, null);
        } else {
            blobs.submit(type, Objects.requireNonNull(blob), buf, Math.max(block, KEPT_BLOCKS), 1, this, null);
        }
    }
}
