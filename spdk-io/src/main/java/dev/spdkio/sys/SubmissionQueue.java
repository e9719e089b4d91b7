// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.IoUringAbi.INT;
import static dev.spdkio.sys.IoUringAbi.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Our end of the submission ring: writes entries, publishes them by moving the tail.
 *
 * <p>The kernel moves the head. It reads entries only inside {@code io_uring_enter}, or, with a submission thread, as
 * soon as the tail has moved; the release store of the tail makes the entries visible before it either way.
 */
final class SubmissionQueue {
    private static final long U32 = 0xffff_ffffL;

    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final long headOffset;
    private final long tailOffset;
    private final long flagsOffset;
    private final int entries;
    private final int mask;

    /** One past the last entry written; the kernel sees it after {@link #publish}. Wraps around like the kernel's. */
    private int tail;

    private int publishedTail;

    /** The head as last seen: the true one can only be further on. */
    private int seenHead;

    SubmissionQueue(MemorySegment ring, MemorySegment sqes, MemorySegment params) {
        this.ring = ring;
        this.sqes = sqes;
        this.entries = (int) INT.get(params, IoUringAbi.PARAMS_SQ_ENTRIES);
        this.mask = entries - 1;
        this.headOffset = offset(params, IoUringAbi.SQ_OFF_HEAD);
        this.tailOffset = offset(params, IoUringAbi.SQ_OFF_TAIL);
        this.flagsOffset = offset(params, IoUringAbi.SQ_OFF_FLAGS);
        // The array between ring and entries allows any order; we always use the natural one.
        long array = offset(params, IoUringAbi.SQ_OFF_ARRAY);
        for (int i = 0; i < entries; i++) {
            INT.set(ring, array + (long) i * Integer.BYTES, i);
        }
    }

    private static long offset(MemorySegment params, long field) {
        return Integer.toUnsignedLong((int) INT.get(params, IoUringAbi.PARAMS_SQ_OFF + field));
    }

    int entries() {
        return entries;
    }

    /** How many entries can be written before the next submit. */
    int space() {
        seenHead = (int) INT.getAcquire(ring, headOffset);
        return entries - (tail - seenHead);
    }

    boolean hasSpace() {
        return tail - seenHead != entries || space() != 0;
    }

    /** How many entries are written and not yet taken by the kernel. */
    int pending() {
        return tail - (int) INT.getAcquire(ring, headOffset);
    }

    /** Makes the written entries visible and returns how many that are. */
    int publish() {
        int count = tail - publishedTail;
        if (count != 0) {
            INT.setRelease(ring, tailOffset, tail);
            publishedTail = tail;
        }
        return count;
    }

    /** Forgets what the kernel has not taken. Only without a submission thread, which may be taking it right now. */
    void discard() {
        tail = (int) INT.getAcquire(ring, headOffset);
        publish();
    }

    /** What the kernel asks for, as {@code SQ_} bits. Opaque is enough: acting on a bit late does no harm. */
    int flags() {
        return (int) INT.getOpaque(ring, flagsOffset);
    }

    /** Whether a submission thread has gone to sleep. The fence keeps this look behind the store of the tail. */
    boolean needsWakeUp() {
        VarHandle.fullFence();
        return (flags() & IoUringAbi.SQ_NEED_WAKEUP) != 0;
    }

    /**
     * Writes one entry. Every field that any operation uses is set each time, because the slot still holds the values
     * of its last use; the last 16 bytes are used by none and stay zero.
     */
    void enqueue(
            IoUringOp op,
            boolean fixedFile,
            int fd,
            long off,
            long addr,
            int len,
            int opFlags,
            long userData,
            int bufIndex) {
        if (!hasSpace()) {
            throw new IllegalStateException(
                    "the submission queue is full: " + entries + " entries are waiting; submit them first");
        }
        long sqe = (long) (tail & mask) << IoUringAbi.SQE_SHIFT;
        int head = op.code() | (fixedFile ? IoUringAbi.IOSQE_FIXED_FILE << Byte.SIZE : 0);
        LONG.set(sqes, sqe + IoUringAbi.SQE_OPCODE, head | ((long) fd << Integer.SIZE));
        LONG.set(sqes, sqe + IoUringAbi.SQE_OFF, off);
        LONG.set(sqes, sqe + IoUringAbi.SQE_ADDR, addr);
        LONG.set(sqes, sqe + IoUringAbi.SQE_LEN, (len & U32) | ((long) opFlags << Integer.SIZE));
        LONG.set(sqes, sqe + IoUringAbi.SQE_USER_DATA, userData);
        LONG.set(sqes, sqe + IoUringAbi.SQE_BUF_INDEX, (long) bufIndex);
        tail++;
    }

    /** Lists the entries that the kernel has not taken, for debugging. */
    String pendingToString() {
        StringBuilder text = new StringBuilder("[");
        for (int i = tail - pending(); i != tail; i++) {
            long sqe = (long) (i & mask) << IoUringAbi.SQE_SHIFT;
            long head = (long) LONG.get(sqes, sqe + IoUringAbi.SQE_OPCODE);
            boolean fixedFile = (head >> Byte.SIZE & IoUringAbi.IOSQE_FIXED_FILE) != 0;
            text.append(text.length() > 1 ? ", " : "")
                    .append(IoUringOp.nameOf((int) head & 0xff))
                    .append(fixedFile ? " slot " : " fd ")
                    .append((int) (head >> Integer.SIZE))
                    .append(" off ")
                    .append((long) LONG.get(sqes, sqe + IoUringAbi.SQE_OFF))
                    .append(" len ")
                    .append((int) INT.get(sqes, sqe + IoUringAbi.SQE_LEN))
                    .append(" userData 0x")
                    .append(Long.toHexString((long) LONG.get(sqes, sqe + IoUringAbi.SQE_USER_DATA)));
        }
        return text.append(']').toString();
    }
}
