// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.spdk.ffi.Downcall;
import dev.spdkio.spdk.ffi.LibSpdk;
import dev.spdkio.spdk.ffi.NativeShim;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.sys.NativeMemory;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

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
    private static final int SQ_HEAD = 40;
    private static final int SQ_TAIL = 44;
    private static final int COMPLETED = 48;
    private static final int RING_BYTES = 64;

    /** The words of a submission entry; operation, iovecs and number of the request share the first. */
    private static final int ENTRY = 6;

    private static final int IOVCNT_SHIFT = 8;
    private static final int TOKEN_SHIFT = 32;
    private static final long OP_MASK = (1 << IOVCNT_SHIFT) - 1;

    /** The most entries of one call. */
    private static final int BATCH = 1024;

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
    private final MemorySegment entries;
    private final long sq;
    private final long cq;
    private final long details;

    /**
     * The entries that wait for the next call, as they will lie in native memory. They are collected on the heap, since
     * requests are often made so deep in calls that the JIT would not inline access to native memory any more.
     */
    private long[] pending = new long[64 * ENTRY];

    private int taken;
    private int filled;

    /** @param capacity the most requests at once, resets included */
    RingQueue(long thread, int capacity) {
        this.ring = arena.allocate(RING_BYTES, RING_ALIGN).address();
        this.entries = arena.allocate(Raw.POINTER * ENTRY * BATCH, 64);
        this.sq = entries.address();
        this.cq = lazily(4L * capacity);
        this.details = lazily((long) DETAIL_BYTES * capacity);
        Raw.putLong(ring + THREAD, thread);
        Raw.putLong(ring + FUNCTIONS, TABLE);
        Raw.putLong(ring + SQ, sq);
        Raw.putLong(ring + CQ, cq);
        Raw.putLong(ring + DETAILS, details);
    }

    /** Memory that costs nothing until it is touched: most threads have few requests, and few of them fail. */
    private long lazily(long bytes) {
        return NativeMemory.map(bytes, PageKind.NORMAL, arena).segment().address();
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
        int at = filled;
        if (at == pending.length) {
            pending = Arrays.copyOf(pending, at * 2);
        }
        long[] e = pending;
        e[at] = op | (long) iovcnt << IOVCNT_SHIFT | (long) token << TOKEN_SHIFT;
        e[at + 1] = desc;
        e[at + 2] = channel;
        e[at + 3] = data;
        e[at + 4] = offset;
        e[at + 5] = count;
        filled = at + ENTRY;
    }

    @Override
    long argument(int token) {
        return ring + token;
    }

    @Override
    boolean withdraw(int token) {
        for (int at = taken; at < filled; at += ENTRY) {
            if (pending[at] >> TOKEN_SHIFT == token) {
                pending[at] = withdrawn(pending[at]);
                return true;
            }
        }
        // SPDK may have called a device of ours from among them.
        int tail = Raw.getInt(ring + SQ_TAIL);
        for (int i = Raw.getInt(ring + SQ_HEAD); i < tail; i++) {
            long e = sq + i * Raw.POINTER * ENTRY;
            if (Raw.getLong(e) >> TOKEN_SHIFT == token) {
                Raw.putLong(e, withdrawn(Raw.getLong(e)));
                return true;
            }
        }
        return false;
    }

    private static long withdrawn(long first) {
        return (first & ~OP_MASK) | OP_WITHDRAWN;
    }

    /** Moves what is pending to where C reads it. */
    private void hand() {
        int begin = taken;
        int words = Math.min(filled - begin, BATCH * ENTRY);
        MemorySegment.copy(pending, begin, entries, JAVA_LONG, 0, words);
        Raw.putInt(ring + SQ_HEAD, 0);
        Raw.putInt(ring + SQ_TAIL, words / ENTRY);
        taken = begin + words;
        if (taken == filled) {
            taken = 0;
            filled = 0;
        }
    }

    /** A call of {@link #round} goes on at once with what completions have submitted, while they are few. */
    private static final int TURNS = 16;

    private static final int FEW = 32;

    @Override
    public boolean round() {
        boolean busy = false;
        for (int turn = 0; turn < TURNS; turn++) {
            hand();
            int result;
            try {
                result = (int) ROUND.invokeExact(ring);
            } catch (Throwable t) {
                throw Downcall.unexpected(t);
            }
            busy |= result < 0;
            int completed = result & ~FAILED;
            if (completed == 0) {
                break;
            }
            drain();
            if (filled == 0 || completed >= FEW) {
                break;
            }
        }
        return busy || filled != 0;
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
