// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.file.FileDeviceChannels;
import dev.spdkio.bdev.file.FileRescan;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.BlockingPool;
import dev.spdkio.runtime.SpdkThread;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A device on a file or block device of any operating system, by blocking I/O on helper threads. Stands for SPDK's aio
 * bdev.
 *
 * <p>Thread rule: {@link #create} on any thread that may block; the rest is called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class AioBdev implements BdevOps<AioChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "AIO disk";

    private static final Logger LOG = System.getLogger(AioBdev.class.getName());

    private final AioBdevOptions options;
    private final AioFile file;
    private final BlockingPool helpers;
    private final FileDeviceChannels channels = new FileDeviceChannels();
    private final AtomicLong earlyEnds = new AtomicLong();

    private AioBdev(AioBdevOptions options, AioFile file, BlockingPool helpers) {
        this.options = options;
        this.file = file;
        this.helpers = helpers;
    }

    /**
     * Opens the file and registers a device on it.
     *
     * @throws SpdkException if the file cannot be opened or divided into blocks, or the name is taken
     */
    public static Bdev create(BdevManager bdevs, AioBdevOptions options) throws SpdkException {
        AioFile file = AioFile.open(options);
        BdevSpec spec = BdevSpec.builder(
                        options.name(),
                        file.geometry().blockSize(),
                        file.geometry().blockCount())
                .productName(PRODUCT_NAME)
                .uuid(options.uuid())
                .requiredAlignment(file.memoryAlignment())
                .writeCache(!options.readonly())
                .build();
        BlockingPool helpers = bdevs.runtime().blockingPool("aio-" + options.name(), options.threads());
        AioBdev device = new AioBdev(options, file, helpers);
        try {
            return bdevs.register(spec, device);
        } catch (SpdkException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /**
     * Gives a device the size that its file has now; one whose file is empty is removed. Any thread that may block;
     * {@code bdev_aio_rescan}.
     *
     * @throws SpdkException ENODEV if there is no such aio device, EBUSY if it would shrink while it is open
     */
    public static void rescan(BdevManager bdevs, String name) throws SpdkException {
        FileRescan.rescan(bdevs, name, AioBdev.class, device -> device.file.size());
    }

    AioBdevOptions options() {
        return options;
    }

    AioFile file() {
        return file;
    }

    void execute(AioRequest request) {
        helpers.execute(request);
    }

    /** A transfer met the end of the file: somebody has cut it. Any thread. */
    void endedEarly(BdevIo io, long position) {
        if (Long.bitCount(earlyEnds.incrementAndGet()) == 1) {
            LOG.log(
                    Level.ERROR,
                    "bdev {0}: {1} met the end of {2} at byte {3}: the file is shorter than when the device was made",
                    options.name(),
                    io,
                    options.filename(),
                    position);
        }
    }

    @Override
    public void submit(AioChannel channel, BdevIo io) {
        if (io.type() == IoType.RESET) {
            channels.reset(io);
        } else {
            channel.submit(io);
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, FLUSH, RESET -> true;
            case WRITE -> !options.readonly();
            case UNMAP, WRITE_ZEROES -> file.canFallocate();
            default -> false;
        };
    }

    @Override
    public AioChannel openChannel(SpdkThread thread) {
        AioChannel channel = new AioChannel(this, thread);
        channels.add(channel);
        return channel;
    }

    @Override
    public void closeChannel(AioChannel channel) {
        channels.remove(channel);
    }

    @Override
    public CompletionStage<Void> destruct() {
        close();
        return CompletableFuture.completedFuture(null);
    }

    private void close() {
        helpers.close();
        try {
            file.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "bdev " + options.name() + ": closing " + options.filename() + " failed", e);
        }
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        Map<String, Object> aio = new LinkedHashMap<>();
        aio.put("filename", options.filename());
        aio.put("block_size_override", options.blockSize() != 0);
        aio.put("readonly", options.readonly());
        aio.put("fallocate", options.fallocate());
        aio.put("direct", file.isDirect());
        out.put("aio", aio);
    }

    @Override
    public ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", options.name());
        if (options.blockSize() != 0) {
            params.put("block_size", options.blockSize());
        }
        params.put("filename", options.filename());
        params.put("readonly", options.readonly());
        params.put("fallocate", options.fallocate());
        if (options.uuid() != null) {
            params.put("uuid", Objects.requireNonNull(options.uuid()).toString());
        }
        if (options.direct() != null) {
            params.put("direct", options.direct());
        }
        if (options.threads() != AioBdevOptions.DEFAULT_THREADS) {
            params.put("threads", options.threads());
        }
        if (options.queueDepth() != AioBdevOptions.DEFAULT_QUEUE_DEPTH) {
            params.put("queue_depth", options.queueDepth());
        }
        return new ConfigCall("bdev_aio_create", params);
    }
}
