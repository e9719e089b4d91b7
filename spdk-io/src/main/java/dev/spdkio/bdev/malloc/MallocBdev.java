// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.malloc;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A device whose blocks are memory outside the heap, on large pages where there are any. Stands for SPDK's malloc bdev.
 *
 * <p>Every I/O is done inside the submit call. Threads may work on it at once; what two of them write to the same
 * block at the same time ends as a mix, as on any memory. For the same reason there is never anything to abort, and a
 * zero copy works on the blocks themselves.
 *
 * <p>Thread rule: {@link #create} on any thread; the rest is called by the hub.
 */
public final class MallocBdev implements BdevOps<MallocBdev> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "Malloc disk";

    private final MallocBdevOptions options;
    private final Arena arena;
    private final NativeMemory.Mapping mapping;
    private final MemorySegment slab;

    private MallocBdev(MallocBdevOptions options) {
        this.options = options;
        this.arena = Arena.ofShared();
        try {
            this.mapping = NativeMemory.map(options.blockCount() * options.blockSize(), options.pages(), arena);
            if (options.prefault()) {
                NativeMemory.prefault(mapping.segment());
            }
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        this.slab = mapping.segment();
    }

    /**
     * Makes and registers one.
     *
     * @throws SpdkException EEXIST if the name is taken
     * @throws java.io.UncheckedIOException if there is not enough memory
     */
    public static Bdev create(BdevManager bdevs, MallocBdevOptions options) throws SpdkException {
        BdevSpec spec = BdevSpec.builder(options.name(), options.blockSize(), options.blockCount())
                .productName(PRODUCT_NAME)
                .uuid(options.uuid())
                .requiredAlignment(options.alignment())
                .optimalIoBoundary(options.optimalIoBoundary(), options.optimalIoBoundary() > 0)
                .writeCache(true)
                .build();
        MallocBdev device = new MallocBdev(options);
        try {
            return bdevs.register(spec, device);
        } catch (SpdkException | RuntimeException e) {
            device.arena.close();
            throw e;
        }
    }

    @Override
    public void submit(MallocBdev channel, BdevIo io) {
        switch (io.type()) {
            case READ -> read(io);
            case WRITE -> write(io);
            case UNMAP, WRITE_ZEROES -> NativeMemory.zero(slab.asSlice(io.offsetBytes(), io.lengthBytes()));
            case COPY ->
                MemorySegment.copy(slab, offset(io, io.sourceBlock()), slab, io.offsetBytes(), io.lengthBytes());
            case COMPARE -> {
                io.complete(holds(io) ? IoStatus.SUCCESS : IoStatus.MISCOMPARE);
                return;
            }
            case ZCOPY -> {
                if (io.isZcopyStart()) {
                    io.setZcopyMemory(slab.asSlice(io.offsetBytes(), io.lengthBytes()));
                }
            }
            default -> {} // flush and reset
        }
        io.complete(IoStatus.SUCCESS);
    }

    private static long offset(BdevIo io, long block) {
        return block * io.bdev().blockSize();
    }

    private boolean holds(BdevIo io) {
        long at = io.offsetBytes();
        for (int i = 0; i < io.segmentCount(); i++) {
            MemorySegment piece = io.segment(i);
            if (slab.asSlice(at, piece.byteSize()).mismatch(piece) != -1) {
                return false;
            }
            at += piece.byteSize();
        }
        return true;
    }

    private void read(BdevIo io) {
        long at = io.offsetBytes();
        int pieces = io.segmentCount();
        for (int i = 0; i < pieces; i++) {
            long length = io.length(i);
            MemorySegment.copy(slab, at, io.memory(i), io.memoryOffset(i), length);
            at += length;
        }
    }

    private void write(BdevIo io) {
        long at = io.offsetBytes();
        int pieces = io.segmentCount();
        for (int i = 0; i < pieces; i++) {
            long length = io.length(i);
            MemorySegment.copy(io.memory(i), io.memoryOffset(i), slab, at, length);
            at += length;
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, FLUSH, RESET, WRITE_ZEROES, ZCOPY, COMPARE, ABORT, COPY -> true;
            case NVME_ADMIN, NVME_IO, COMPARE_AND_WRITE, SEEK_HOLE, SEEK_DATA -> false;
            case ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> false;
        };
    }

    @Override
    public MallocBdev openChannel(SpdkThread thread) {
        return this;
    }

    @Override
    public void closeChannel(MallocBdev channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        arena.close();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("pages", mapping.kind().name());
    }

    @Override
    public ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", options.name());
        params.put("num_blocks", options.blockCount());
        params.put("block_size", options.blockSize());
        if (options.uuid() != null) {
            params.put("uuid", Objects.requireNonNull(options.uuid()).toString());
        }
        params.put("optimal_io_boundary", options.optimalIoBoundary());
        return new ConfigCall("bdev_malloc_create", params);
    }
}
