// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.nullbdev;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A device that stores nothing: writes vanish, reads leave the buffer as it is. Stands for SPDK's null bdev, with the
 * types of I/O that it has.
 *
 * <p>Thread rule: {@link #create} on any thread; the rest is called by the hub.
 */
public final class NullBdev implements BdevOps<NullBdev> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "Null disk";

    private final NullBdevOptions options;

    private NullBdev(NullBdevOptions options) {
        this.options = options;
    }

    /**
     * Makes and registers one.
     *
     * @throws SpdkException EEXIST if the name is taken
     */
    public static Bdev create(BdevManager bdevs, NullBdevOptions options) throws SpdkException {
        int metadata = options.metadataBytes();
        BdevSpec spec = BdevSpec.builder(options.name(), options.blockSize() + metadata, options.blockCount())
                .metadata(metadata == 0 ? null : MetadataSpec.interleaved(metadata))
                .productName(PRODUCT_NAME)
                .uuid(options.uuid())
                .build();
        return bdevs.register(spec, new NullBdev(options));
    }

    @Override
    public void submit(NullBdev channel, BdevIo io) {
        io.complete(supports(io.type()) ? IoStatus.SUCCESS : IoStatus.FAILED);
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, WRITE_ZEROES, RESET, ABORT -> true;
            case UNMAP, FLUSH, NVME_ADMIN, NVME_IO, ZCOPY -> false;
            case COMPARE, COMPARE_AND_WRITE, SEEK_HOLE, SEEK_DATA, COPY -> false;
            case ZONE_APPEND, ZONE_MANAGEMENT, GET_ZONE_INFO -> false;
        };
    }

    @Override
    public NullBdev openChannel(SpdkThread thread) {
        return this;
    }

    @Override
    public void closeChannel(NullBdev channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", options.name());
        params.put("num_blocks", options.blockCount());
        params.put("block_size", options.blockSize());
        if (options.metadataBytes() != 0) {
            params.put("md_size", options.metadataBytes());
        }
        if (options.uuid() != null) {
            params.put("uuid", options.uuid().toString());
        }
        return new ConfigCall("bdev_null_create", params);
    }
}
