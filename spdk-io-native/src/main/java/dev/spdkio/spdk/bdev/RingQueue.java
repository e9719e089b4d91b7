// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.LibSpdk;
import dev.spdkio.spdk.ffi.NativeShim;
import dev.spdkio.spdk.ffi.Raw;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/**
 * The fast way: entries in memory that Java and {@code ring.c} share, and one call a round.
 *
 * <p>The offsets are those of the structures in {@code ring.c}.
 */
final class RingQueue extends IoQueue {
    private static final MethodHandle ROUND =
            Downcall.at(NativeShim.find(NativeShim.RING_ROUND).orElseThrow(), JAVA_INT, JAVA_LONG);

    private static final long RING_ALIGN = 1L << 20;
    private static final int FAILED = 1 << 31;

    private static final int THREAD = 0;
    private static final int FUNCTIONS = 8;
    private static final int SQ = 16;
    private static final int CQ = 24;
    private static final int DETAILS = 32;
    private static final int SQ_MASK = 40;
    private static final int SQ_TAIL = 44;
    private static final int SQ_HEAD = 48;
    private static final int COMPLETED = 52;
    private static final int RING_BYTES = 64;

    private static final int SQE_BYTES = 64;
    private static final int SQE_TOKEN = 4;
    private static final int SQE_DESC = 8;
    private static final int SQE_CHANNEL = 16;
    private static final int SQE_DATA = 24;
    private static final int SQE_OFFSET = 32;
    private static final int SQE_COUNT = 40;
    private static final int SQE_IOVCNT = 48;

    private static final int DETAIL_BYTES = 64;

    /** The functions that ring.c calls, in the order of its structure. */
    private static final long TABLE = functions(
            "spdk_thread_poll",
            "spdk_set_thread",
            "spdk_bdev_read_blocks",
            "spdk_bdev_write_blocks",
            "spdk_bdev_readv_blocks",
            "spdk_bdev_writev_blocks",
            "spdk_bdev_unmap_blocks",
            "spdk_bdev_flush_blocks",
            "spdk_bdev_write_zeroes_blocks",
            "spdk_bdev_reset",
            "spdk_bdev_free_io",
            "spdk_bdev_io_get_aio_status",
            "spdk_bdev_io_get_nvme_status",
            "spdk_bdev_io_get_scsi_status");

    private final Arena arena = Arena.ofShared();
    private final long ring;
    private final long sq;
    private final long cq;
    private final long details;
    private final int mask;
    private int tail;

    /** @param capacity the most requests at once, resets included; a power of two */
    RingQueue(long thread, int capacity) {
        this.mask = capacity - 1;
        this.ring = arena.allocate(RING_BYTES, RING_ALIGN).address();
        this.sq = arena.allocate((long) SQE_BYTES * capacity, 64).address();
        this.cq = arena.allocate(4L * capacity, 64).address();
        this.details = arena.allocate((long) DETAIL_BYTES * capacity, 64).address();
        Raw.putLong(ring + THREAD, thread);
        Raw.putLong(ring + FUNCTIONS, TABLE);
        Raw.putLong(ring + SQ, sq);
        Raw.putLong(ring + CQ, cq);
        Raw.putLong(ring + DETAILS, details);
        Raw.putInt(ring + SQ_MASK, mask);
    }

    private static long functions(String... names) {
        long table =
                Arena.global().allocate(Raw.POINTER * names.length, Raw.POINTER).address();
        for (int i = 0; i < names.length; i++) {
            Raw.putLong(table + i * Raw.POINTER, LibSpdk.get().symbol(names[i]).address());
        }
        return table;
    }

    @Override
    void submit(int op, int token, long desc, long channel, long data, int iovcnt, long offset, long count) {
        int at = tail;
        long e = sq + (long) (at & mask) * SQE_BYTES;
        Raw.putLong(e, op | (long) token << 32);
        Raw.putLong(e + SQE_DESC, desc);
        Raw.putLong(e + SQE_CHANNEL, channel);
        Raw.putLong(e + SQE_DATA, data);
        Raw.putLong(e + SQE_OFFSET, offset);
        Raw.putLong(e + SQE_COUNT, count);
        if (iovcnt != 0) {
            Raw.putInt(e + SQE_IOVCNT, iovcnt);
        }
        tail = at + 1;
    }

    @Override
    long argument(int token) {
        return ring + token;
    }

    @Override
    boolean withdraw(int token) {
        for (int at = Raw.getInt(ring + SQ_HEAD); at != tail; at++) {
            long e = sq + (long) (at & mask) * SQE_BYTES;
            if (Raw.getInt(e + SQE_TOKEN) == token) {
                Raw.putInt(e, OP_WITHDRAWN);
                return true;
            }
        }
        return false;
    }

    /** A call of {@link #round} goes on at once with what completions have submitted, while they are few. */
    private static final int TURNS = 16;

    private static final int FEW = 32;

    @Override
    public boolean round() {
        boolean busy = false;
        for (int turn = 0; turn < TURNS; turn++) {
            int before = tail;
            Raw.putInt(ring + SQ_TAIL, before);
            int result;
            try {
                result = (int) ROUND.invokeExact(ring);
            } catch (Throwable t) {
                throw Downcall.unexpected(t);
            }
            busy |= result < 0;
            if (tail == before) {
                // All were taken: the next ones go where the memory is warm.
                tail = 0;
                before = 0;
                Raw.putInt(ring + SQ_HEAD, 0);
            }
            int completed = result & ~FAILED;
            if (completed == 0) {
                break;
            }
            drain();
            if (tail == before || completed >= FEW) {
                break;
            }
        }
        return busy;
    }

    /** An end may lead to further ends here: a device of ours that stands on this one may end what SPDK gave it. */
    private void drain() {
        for (int i = 0; i < Raw.getInt(ring + COMPLETED); i++) {
            int entry = Raw.getInt(cq + 4L * i);
            if (entry >= 0) {
                complete(entry, IoStatus.SUCCESS);
            } else {
                int token = entry & ~FAILED;
                complete(token, detail(details + (long) token * DETAIL_BYTES));
            }
        }
        Raw.putInt(ring + COMPLETED, 0);
    }

    private static IoStatus detail(long d) {
        return status(
                Raw.getInt(d),
                Raw.getInt(d + 4),
                Raw.getInt(d + 8),
                Raw.getInt(d + 12),
                Raw.getInt(d + 16),
                Raw.getInt(d + 20),
                Raw.getInt(d + 24),
                Raw.getInt(d + 28),
                Raw.getInt(d + 32));
    }

    @Override
    public void close() {
        arena.close();
    }
}
