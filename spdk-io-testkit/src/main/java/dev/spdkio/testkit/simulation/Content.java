// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What is in a block: one number, again and again, which names the request that wrote it and the block's place in it.
 * So a block that is torn, misplaced or too old is known for what it is.
 */
final class Content {
    /** What a buffer holds before it is read into. */
    static final long POISON = 0x5AFE_5AFE_5AFE_5AFEL;

    /** Different numbers in one block. */
    static final long TORN = -2;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int PLACE_BITS = 16;

    /** Marks requests that hop to their thread, where later ones may be before them. */
    static final int UNORDERED = 1 << 30;

    private Content() {}

    static long of(int request, int place) {
        return ((long) request << PLACE_BITS) | place;
    }

    static int request(long value) {
        return (int) (value >>> PLACE_BITS);
    }

    static void put(MemorySegment memory, long offset, int blockSize, long value) {
        for (int i = 0; i < blockSize; i += Long.BYTES) {
            memory.set(LONG, offset + i, value);
        }
    }

    static long get(MemorySegment memory, long offset, int blockSize) {
        long value = memory.get(LONG, offset);
        for (int i = Long.BYTES; i < blockSize; i += Long.BYTES) {
            if (memory.get(LONG, offset + i) != value) {
                return TORN;
            }
        }
        return value;
    }

    static String describe(long value) {
        if (value == 0) {
            return "zeroes";
        }
        if (value == POISON) {
            return "what the buffer held before";
        }
        return value == TORN ? "a torn block" : "#" + request(value) + "/" + (value & ((1 << PLACE_BITS) - 1));
    }
}
