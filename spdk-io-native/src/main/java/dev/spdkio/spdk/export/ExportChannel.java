// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.BdevModuleApi;
import dev.spdkio.spdk.ffi.Handles;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An exported device on one thread: passes SPDK's requests to the hub, and what the hub says of their ends to SPDK.
 *
 * <p>Nothing is copied: SPDK's buffers are, to the hub, parts of one buffer that is all memory there is. SPDK answers
 * for them until it hears of the end.
 *
 * <p>Thread rule: owned by its thread.
 */
final class ExportChannel {
    private static final Logger LOG = System.getLogger(ExportChannel.class.getName());

    static final Handles<ExportChannel> ALL = new Handles<>();

    private static final AbiTable ABI = AbiTable.get();
    private static final long TYPE = io("type");
    private static final long IOVS = io("u.bdev.iovs");
    private static final long IOVCNT = io("u.bdev.iovcnt");
    private static final long NUM_BLOCKS = io("u.bdev.num_blocks");
    private static final long ABORTED_IO = io("u.abort.bio_to_abort");
    private static final long OFFSET_BLOCKS = io("u.bdev.offset_blocks");
    private static final long IOVEC_BYTES = ABI.sizeOf("iovec");
    private static final long IOV_LEN = ABI.offset("iovec", "iov_len");
    private static final int SUCCESS = status("SUCCESS");
    private static final int FAILED = status("FAILED");
    private static final int NOMEM = status("NOMEM");
    private static final int MISCOMPARE = status("MISCOMPARE");
    private static final int ABORTED = status("ABORTED");

    /** What SPDK is offered; it makes others from these. */
    private static final Set<IoType> PASSED = EnumSet.of(
            IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.FLUSH, IoType.RESET, IoType.WRITE_ZEROES, IoType.ABORT);

    /** These types by SPDK's numbers. */
    private static final @Nullable IoType[] TYPES = types();

    private final BdevExport export;
    private final BdevChannel channel;
    private final SpdkThread thread;
    private final int blockSize;
    private final DmaBuf memory;
    private final IoVec.Builder pieces = IoVec.builder();
    private final long handle;

    private final List<Request> requests = new ArrayList<>();

    /** Those of them that are not in use. */
    private final ArrayList<Request> free = new ArrayList<>();

    ExportChannel(BdevExport export, BdevChannel channel) {
        this.export = export;
        this.channel = channel;
        this.thread = channel.thread();
        this.blockSize = channel.bdev().blockSize();
        this.memory = channel.bdev().manager().pool().wrap(Raw.segment(0, Long.MAX_VALUE));
        this.handle = ALL.add(this);
    }

    private static long io(String field) {
        return ABI.offset("spdk_bdev_io", field);
    }

    private static int status(String name) {
        return (int) ABI.value("SPDK_BDEV_IO_STATUS_" + name);
    }

    private static @Nullable IoType[] types() {
        @Nullable IoType[] types = new @Nullable IoType[(int) ABI.value("SPDK_BDEV_NUM_IO_TYPES")];
        for (IoType type : PASSED) {
            types[(int) ABI.value("SPDK_BDEV_IO_TYPE_" + type.name())] = type;
        }
        return types;
    }

    /** The hub's type for SPDK's number, null if SPDK is not offered it. Any thread. */
    static @Nullable IoType ioType(int number) {
        return number < 0 || number >= TYPES.length ? null : TYPES[number];
    }

    long handle() {
        return handle;
    }

    SpdkThread thread() {
        return thread;
    }

    // ---- there ----------------------------------------------------------------------------------------------------

    /** Starts a {@code struct spdk_bdev_io}. Whatever happens, it ends once. */
    void submit(long io) {
        IoType type = ioType(Raw.getByte(io + TYPE));
        if (type == null) {
            BdevModuleApi.complete(io, FAILED);
        } else if (type == IoType.READ && Raw.getLong(Raw.getLong(io + IOVS)) == 0) {
            BdevModuleApi.getBuf(io, ExportCalls.GOT_BUF, Raw.getLong(io + NUM_BLOCKS) * blockSize);
        } else {
            start(type, io);
        }
    }

    /** A read that came without memory has got some, or not. */
    void gotBuf(long io, boolean success) {
        if (success) {
            start(IoType.READ, io);
        } else {
            BdevModuleApi.complete(io, FAILED);
        }
    }

    private void start(IoType type, long io) {
        Request request = free.isEmpty() ? newRequest() : free.removeLast();
        request.io = io;
        try {
            start(type, io, request);
        } catch (Throwable t) {
            int status = t instanceof LimitExceededException ? NOMEM : FAILED;
            if (status == FAILED) {
                LOG.log(Level.WARNING, export + ": " + type.jsonName() + " for SPDK cannot be started", t);
            }
            release(request);
            BdevModuleApi.complete(io, status);
        }
    }

    private Request newRequest() {
        Request request = new Request();
        requests.add(request);
        return request;
    }

    private void start(IoType type, long io, Request request) {
        long block = Raw.getLong(io + OFFSET_BLOCKS);
        long count = Raw.getLong(io + NUM_BLOCKS);
        switch (type) {
            case READ, WRITE -> {
                long iov = Raw.getLong(io + IOVS);
                if (Raw.getLong(iov + IOV_LEN) >= count * blockSize) {
                    channel.submit(type, memory, Raw.getLong(iov), block, count, request, request);
                } else if (type == IoType.READ) {
                    channel.submitReadvBlocks(pieces(io, count * blockSize), block, request, request);
                } else {
                    channel.submitWritevBlocks(pieces(io, count * blockSize), block, request, request);
                }
            }
            case RESET -> channel.submitReset(request.afterReset(), null);
            case ABORT -> channel.submitAbort(requestOf(Raw.getLong(io + ABORTED_IO)), request, null);
            default -> channel.submit(type, null, 0, block, count, request, request);
        }
    }

    /** The request for an I/O of SPDK's; for one that has ended, another object, which the hub does not know. */
    private Object requestOf(long io) {
        for (Request request : requests) {
            if (request.io == io) {
                return request;
            }
        }
        return this;
    }

    private IoVec pieces(long io, long bytes) {
        long iov = Raw.getLong(io + IOVS);
        long end = iov + Raw.getInt(io + IOVCNT) * IOVEC_BYTES;
        pieces.clear();
        for (long left = bytes; left > 0 && iov < end; iov += IOVEC_BYTES) {
            long length = Math.min(left, Raw.getLong(iov + IOV_LEN));
            if (length > 0) {
                pieces.add(memory, Raw.getLong(iov), length);
                left -= length;
            }
        }
        return pieces.build();
    }

    // ---- and back -------------------------------------------------------------------------------------------------

    /** One request of SPDK at the hub. Used again and again. */
    final class Request implements IoCompletion {
        private long io;
        private @Nullable Drain drain;

        @Override
        public void completed(IoStatus status, @Nullable Object userData) {
            long ended = io;
            release(this);
            NativeThread.enter(thread);
            complete(ended, status);
        }

        /** A reset ends when everything has that was there before it. */
        IoCompletion afterReset() {
            return (status, data) -> export.whenDrained(this, () -> completed(status, data));
        }
    }

    /** What is in flight when somebody begins to wait for its end. */
    private static final class Drain {
        final Runnable then;
        int left;

        Drain(Runnable then) {
            this.then = then;
        }
    }

    private void release(Request request) {
        request.io = 0;
        free.add(request);
        Drain d = request.drain;
        if (d != null) {
            request.drain = null;
            if (--d.left == 0) {
                thread.sendInternal(d.then);
            }
        }
    }

    /** Runs {@code then} here when what is in flight now has ended, except {@code reset}; there is one at a time. */
    void whenDrained(Request reset, Runnable then) {
        Drain d = new Drain(then);
        for (Request request : requests) {
            if (request.io != 0 && request != reset) {
                request.drain = d;
                d.left++;
            }
        }
        if (d.left == 0) {
            then.run();
        }
    }

    private static void complete(long io, IoStatus status) {
        switch (status.kind()) {
            case SUCCESS -> BdevModuleApi.complete(io, SUCCESS);
            case FAILED -> BdevModuleApi.complete(io, FAILED);
            case NOMEM -> BdevModuleApi.complete(io, NOMEM);
            case MISCOMPARE -> BdevModuleApi.complete(io, MISCOMPARE);
            case ABORTED -> BdevModuleApi.complete(io, ABORTED);
            case AIO_ERROR -> BdevModuleApi.completeAio(io, -status.errno());
            case NVME_ERROR ->
                BdevModuleApi.completeNvme(io, status.nvmeCdw0(), status.nvmeStatusCodeType(), status.nvmeStatusCode());
            case SCSI_ERROR ->
                BdevModuleApi.completeScsi(
                        io, status.scsiStatusCode(), status.scsiSenseKey(), status.scsiAsc(), status.scsiAscq());
        }
    }

    /** SPDK does not use the device on this thread any more; nothing is in flight. */
    void close() {
        channel.close();
        memory.close();
        ALL.remove(handle);
        export.channelClosed(this);
    }

    @Override
    public String toString() {
        return "channel of the " + export + " on " + thread;
    }
}
