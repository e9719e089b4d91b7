// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.Handles;
import dev.spdkio.spdk.ffi.ThreadApi;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;

/**
 * The way without any C of ours: one call for each request, and one call back for each completion. A completion is
 * only noted down in the call from SPDK, so that nothing of ours runs there.
 *
 * <p>The argument of a request is the number of its queue and its own.
 */
final class DowncallQueue extends IoQueue {
    private static final MethodHandle READ = rw("spdk_bdev_read_blocks");
    private static final MethodHandle WRITE = rw("spdk_bdev_write_blocks");
    private static final MethodHandle READV = rwv("spdk_bdev_readv_blocks");
    private static final MethodHandle WRITEV = rwv("spdk_bdev_writev_blocks");
    private static final MethodHandle UNMAP = range("spdk_bdev_unmap_blocks");
    private static final MethodHandle FLUSH = range("spdk_bdev_flush_blocks");
    private static final MethodHandle WRITE_ZEROES = range("spdk_bdev_write_zeroes_blocks");
    private static final MethodHandle RESET =
            Downcall.of("spdk_bdev_reset", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FREE_IO = Downcall.of("spdk_bdev_free_io", JAVA_INT, JAVA_LONG);
    private static final MethodHandle AIO_STATUS = Downcall.ofVoid("spdk_bdev_io_get_aio_status", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NVME_STATUS =
            Downcall.ofVoid("spdk_bdev_io_get_nvme_status", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SCSI_STATUS =
            Downcall.ofVoid("spdk_bdev_io_get_scsi_status", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final long DONE = Upcall.stub(
            MethodHandles.lookup(),
            DowncallQueue.class,
            "done",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BOOLEAN, JAVA_LONG),
            null);

    private static final Handles<DowncallQueue> ALL = new Handles<>();

    private final long thread;
    private final long number = ALL.add(this);
    private int[] ended = new int[256];
    private int endedCount;
    private IoStatus[] statuses = new IoStatus[256];

    DowncallQueue(long thread) {
        this.thread = thread;
    }

    private static MethodHandle rw(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    private static MethodHandle rwv(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                JAVA_LONG);
    }

    private static MethodHandle range(String symbol) {
        return Downcall.of(symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    @Override
    long argument(int token) {
        return number << 32 | token;
    }

    @Override
    void submit(int op, int token, long desc, long channel, long data, int iovcnt, long offset, long count) {
        long argument = argument(token);
        int rc;
        try {
            ThreadApi.set(thread);
            rc = switch (op) {
                case OP_READ -> (int) READ.invokeExact(desc, channel, data, offset, count, DONE, argument);
                case OP_WRITE -> (int) WRITE.invokeExact(desc, channel, data, offset, count, DONE, argument);
                case OP_READV -> (int) READV.invokeExact(desc, channel, data, iovcnt, offset, count, DONE, argument);
                case OP_WRITEV -> (int) WRITEV.invokeExact(desc, channel, data, iovcnt, offset, count, DONE, argument);
                case OP_UNMAP -> (int) UNMAP.invokeExact(desc, channel, offset, count, DONE, argument);
                case OP_FLUSH -> (int) FLUSH.invokeExact(desc, channel, offset, count, DONE, argument);
                case OP_WRITE_ZEROES -> (int) WRITE_ZEROES.invokeExact(desc, channel, offset, count, DONE, argument);
                case OP_RESET -> (int) RESET.invokeExact(desc, channel, DONE, argument);
                default -> throw new IllegalArgumentException("operation " + op);
            };
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
        if (rc != 0) {
            ended(token, status(rc, 0, 0, 0, 0, 0, 0, 0, 0));
        }
    }

    private void ended(int token, IoStatus status) {
        if (endedCount == ended.length) {
            ended = Arrays.copyOf(ended, endedCount * 2);
            statuses = Arrays.copyOf(statuses, endedCount * 2);
        }
        ended[endedCount] = token;
        statuses[endedCount++] = status;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long io, boolean ok, long argument) {
        DowncallQueue q = ALL.get(argument >>> 32);
        q.ended((int) argument, ok ? IoStatus.SUCCESS : failure(io));
        free(io);
    }

    /** Gives an I/O back to SPDK. */
    static void free(long io) {
        try {
            int _ = (int) FREE_IO.invokeExact(io);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** Dword 0 of the completion of an NVMe command. */
    static int cdw0(long io) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment d = arena.allocate(JAVA_INT, 3);
            long a = d.address();
            NVME_STATUS.invokeExact(io, a, a + 4, a + 8);
            return d.get(JAVA_INT, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** How an I/O failed. */
    static IoStatus failure(long io) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment d = arena.allocate(JAVA_INT, 8);
            long a = d.address();
            AIO_STATUS.invokeExact(io, a);
            NVME_STATUS.invokeExact(io, a + 4, a + 8, a + 12);
            SCSI_STATUS.invokeExact(io, a + 16, a + 20, a + 24, a + 28);
            return status(
                    0,
                    d.getAtIndex(JAVA_INT, 0),
                    d.getAtIndex(JAVA_INT, 1),
                    d.getAtIndex(JAVA_INT, 2),
                    d.getAtIndex(JAVA_INT, 3),
                    d.getAtIndex(JAVA_INT, 4),
                    d.getAtIndex(JAVA_INT, 5),
                    d.getAtIndex(JAVA_INT, 6),
                    d.getAtIndex(JAVA_INT, 7));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    @Override
    public boolean round() {
        boolean busy = ThreadApi.poll(thread) > 0;
        int count = endedCount;
        for (int i = 0; i < count; i++) {
            complete(ended[i], statuses[i]);
        }
        // What completions have submitted may have been refused at once: it ends in the next round.
        int rest = endedCount - count;
        System.arraycopy(ended, count, ended, 0, rest);
        System.arraycopy(statuses, count, statuses, 0, rest);
        endedCount = rest;
        return busy || count > 0;
    }

    @Override
    public void close() {
        ALL.remove(number);
    }
}
