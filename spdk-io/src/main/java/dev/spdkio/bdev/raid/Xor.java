// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Exclusive-or of memory, a word at a time in loops that the compiler makes vectors of. Any thread. */
final class Xor {
    /** Words of a round: an int counts them, which is what the compiler wants. */
    private static final int ROUND = 1 << 20;

    private Xor() {}

    /** {@code target ^= source}, {@code length} bytes. */
    static void into(MemorySegment target, long targetAt, MemorySegment source, long sourceAt, long length) {
        long words = length >>> 3;
        for (long done = 0; done < words; done += ROUND) {
            int count = (int) Math.min(ROUND, words - done);
            words(target, targetAt + (done << 3), source, sourceAt + (done << 3), count);
        }
        for (long i = words << 3; i < length; i++) {
            byte value = (byte) (target.get(JAVA_BYTE, targetAt + i) ^ source.get(JAVA_BYTE, sourceAt + i));
            target.set(JAVA_BYTE, targetAt + i, value);
        }
    }

    private static void words(MemorySegment target, long targetAt, MemorySegment source, long sourceAt, int count) {
        for (int i = 0; i < count; i++) {
            long at = (long) i << 3;
            target.set(
                    JAVA_LONG_UNALIGNED,
                    targetAt + at,
                    target.get(JAVA_LONG_UNALIGNED, targetAt + at) ^ source.get(JAVA_LONG_UNALIGNED, sourceAt + at));
        }
    }
}
