// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.IoUringAbi.INT;
import static dev.spdkio.sys.IoUringAbi.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Our end of the completion ring: reads entries, gives the slots back by moving the head.
 *
 * <p>The kernel writes an entry and then moves the tail, so the acquire load of the tail makes all entries before it
 * visible. The release store of the head comes after our last read of the slots, so the kernel cannot overwrite an
 * entry that is still being read.
 */
final class CompletionQueue {
    private final MemorySegment ring;
    private final long headOffset;
    private final long tailOffset;
    private final long overflowOffset;
    private final long flagsOffset;
    private final long cqesOffset;
    private final int entries;
    private final int mask;

    /** The next entry to read; the kernel sees it after the loop. */
    private int head;

    /** Whether a sink is being called, which is when the ring must not be closed. */
    private boolean delivering;

    CompletionQueue(MemorySegment ring, MemorySegment params) {
        this.ring = ring;
        this.entries = (int) INT.get(params, IoUringAbi.PARAMS_CQ_ENTRIES);
        this.mask = entries - 1;
        this.headOffset = offset(params, IoUringAbi.CQ_OFF_HEAD);
        this.tailOffset = offset(params, IoUringAbi.CQ_OFF_TAIL);
        this.overflowOffset = offset(params, IoUringAbi.CQ_OFF_OVERFLOW);
        this.flagsOffset = offset(params, IoUringAbi.CQ_OFF_FLAGS);
        this.cqesOffset = offset(params, IoUringAbi.CQ_OFF_CQES);
    }

    private static long offset(MemorySegment params, long field) {
        return Integer.toUnsignedLong((int) INT.get(params, IoUringAbi.PARAMS_CQ_OFF + field));
    }

    int entries() {
        return entries;
    }

    boolean isDelivering() {
        return delivering;
    }

    /** How many completions were handed out since the ring exists; wraps around. */
    int reaped() {
        return head;
    }

    /** How many completions can be reaped without asking the kernel. */
    int ready() {
        return (int) INT.getAcquire(ring, tailOffset) - head;
    }

    /** How many completions did not fit so far; the kernel keeps them aside and loses none. */
    int overflowed() {
        return (int) INT.getOpaque(ring, overflowOffset);
    }

    /** Whether the kernel looks at our flags: before Linux 5.8 there are none. */
    boolean hasFlags() {
        return flagsOffset != 0;
    }

    /** Lets completions signal the event descriptor, or not. The fence keeps later looks at the ring behind it. */
    void setSignals(boolean on) {
        INT.setOpaque(ring, flagsOffset, on ? 0 : IoUringAbi.CQ_EVENTFD_DISABLED);
        VarHandle.fullFence();
    }

    /**
     * Hands out the completions that are there now, at most {@code max}.
     *
     * <p>The head moves on before each call of the sink, so that an exception or a nested call cannot deliver an entry
     * twice, and is published in any case. The tail is read once: a sink that keeps submitting cannot keep us here. The
     * comparison is by difference, because a nested call may have moved the head beyond this tail.
     */
    int drain(CompletionSink sink, int max) {
        int tail = (int) INT.getAcquire(ring, tailOffset);
        int count = 0;
        if (tail - head <= 0) {
            return count;
        }
        boolean nested = delivering;
        delivering = true;
        try {
            while (count < max && tail - head > 0) {
                long cqe = cqesOffset + ((long) (head & mask) << IoUringAbi.CQE_SHIFT);
                long userData = (long) LONG.get(ring, cqe + IoUringAbi.CQE_USER_DATA);
                int res = (int) INT.get(ring, cqe + IoUringAbi.CQE_RES);
                int flags = (int) INT.get(ring, cqe + IoUringAbi.CQE_FLAGS);
                head++;
                count++;
                sink.completed(userData, res, flags);
            }
            return count;
        } finally {
            delivering = nested;
            INT.setRelease(ring, headOffset, head);
        }
    }
}
