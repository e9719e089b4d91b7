// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.file.FileDeviceChannels;
import dev.spdkio.bdev.file.FileRescan;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.IoUring;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A device on a file or block device of Linux, by io_uring. Stands for SPDK's uring bdev.
 *
 * <p>Thread rule: {@link #create} on any thread that may block; the rest is called by the hub.
 */
@SuppressWarnings("exports") // the channel is the hub's to hold, and nobody's to look into
public final class UringBdev implements BdevOps<UringChannel> {
    /** What its kind is called in {@code bdev_get_bdevs}, as in SPDK. */
    public static final String PRODUCT_NAME = "URING bdev";

    private static final Logger LOG = System.getLogger(UringBdev.class.getName());

    private final UringBdevOptions options;
    private final UringFile file;
    private final int atomicBytes;
    private final FileDeviceChannels channels = new FileDeviceChannels();
    private final AtomicLong earlyEnds = new AtomicLong();

    private UringBdev(UringBdevOptions options, UringFile file) {
        this.options = options;
        this.file = file;
        this.atomicBytes = file.atomicBytes();
    }

    /**
     * Opens the file and registers a device on it.
     *
     * @throws SpdkException if there is no io_uring, the file cannot be opened or divided into blocks, or the name is
     *     taken
     */
    public static Bdev create(BdevManager bdevs, UringBdevOptions options) throws SpdkException {
        UringFile file = UringFile.open(options);
        BdevSpec spec = BdevSpec.builder(
                        options.name(),
                        file.geometry().blockSize(),
                        file.geometry().blockCount())
                .productName(PRODUCT_NAME)
                .uuid(options.uuid())
                .requiredAlignment(file.memoryAlignment())
                .maxSegments(UringIovecs.MAX_SEGMENTS)
                .writeCache(!options.readonly())
                .atomicWriteBlocks(file.atomicBytes() / file.geometry().blockSize())
                .build();
        try {
            return bdevs.register(spec, new UringBdev(options, file));
        } catch (SpdkException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Gives a device the size that its file has now; one whose file is empty is removed. Any thread that may block;
     * {@code bdev_uring_rescan}.
     *
     * @throws SpdkException ENODEV if there is no such uring device, EBUSY if it would shrink while it is open
     */
    public static void rescan(BdevManager bdevs, String name) throws SpdkException {
        FileRescan.rescan(bdevs, name, UringBdev.class, device -> device.file.size());
    }

    String name() {
        return options.name();
    }

    int fd() {
        return file.fd();
    }

    /**
     * Whether a transfer that stopped there can go on: direct I/O stops in the middle of a unit only where a file ends.
     */
    boolean canGoOnFrom(long position) {
        return position % file.unit() == 0;
    }

    /** The flags for a write from one piece of memory. */
    int writeFlags(long offset, long length) {
        boolean whole = length <= atomicBytes && Long.bitCount(length) == 1 && offset % length == 0;
        return whole ? IoUring.RWF_ATOMIC : 0;
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
    public void submit(UringChannel channel, BdevIo io) {
        if (io.type() == IoType.RESET) {
            channels.reset(io);
        } else {
            channel.group.submit(channel, io);
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, FLUSH, RESET -> true;
            case WRITE, WRITE_ZEROES -> !options.readonly();
            case UNMAP -> file.canUnmap();
            default -> false;
        };
    }

    @Override
    public UringChannel openChannel(SpdkThread thread) {
        UringChannel channel = new UringChannel(this, thread);
        channels.add(channel);
        return channel;
    }

    @Override
    public void closeChannel(UringChannel channel) {
        channels.remove(channel);
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        file.close();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        Map<String, Object> uring = new LinkedHashMap<>();
        uring.put("filename", options.filename());
        uring.put("readonly", options.readonly());
        uring.put("direct", file.isDirect());
        if (atomicBytes > 0) {
            uring.put("atomic_write_bytes", atomicBytes);
        }
        out.put("uring", uring);
    }

    @Override
    public ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", options.name());
        if (options.blockSize() != 0) {
            params.put("block_size", options.blockSize());
        }
        params.put("filename", options.filename());
        if (options.uuid() != null) {
            params.put("uuid", Objects.requireNonNull(options.uuid()).toString());
        }
        if (options.readonly()) {
            params.put("readonly", true);
        }
        if (options.direct() != null) {
            params.put("direct", options.direct());
        }
        if (options.atomicWrites()) {
            params.put("atomic_writes", true);
        }
        return new ConfigCall("bdev_uring_create", params);
    }
}
