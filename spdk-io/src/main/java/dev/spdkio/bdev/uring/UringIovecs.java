// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.bdev.BdevIo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The lists of memory pieces that the kernel reads ({@code struct iovec}), one for each operation that can be in
 * flight.
 *
 * <p>Made when the first I/O with more than one piece comes: most threads never have one.
 *
 * <p>Thread rule: owned by its thread.
 */
final class UringIovecs {
    /** Pieces of one I/O; the hub makes several I/Os of those with more. */
    static final int MAX_SEGMENTS = 64;

    /** More bytes the kernel does not move at once ({@code MAX_RW_COUNT}, for pages of 64 KiB). */
    static final long MAX_TRANSFER = Integer.MAX_VALUE & -65_536;

    /** The piece in which zeroes are written where the kernel cannot zero by itself. */
    static final int ZEROES_BYTES = 256 << 10;

    private static final long IOVEC_BYTES = 16;
    private static final long LIST_BYTES = MAX_SEGMENTS * IOVEC_BYTES;
    private static final int ALIGNMENT = 4096;

    private final int lists;
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;

    UringIovecs(int lists) {
        this.lists = lists;
    }

    /** Writes the pieces of {@code io} after the first {@code skip} bytes into list {@code tag}. Returns how many. */
    int fill(int tag, BdevIo io, long skip) {
        if (arena == null) {
            // Shared, because the thread that owns this may run on one OS thread after another.
            Arena a = Arena.ofShared();
            memory = a.allocate(lists * LIST_BYTES, Long.BYTES);
            arena = a;
        }
        long at = tag * LIST_BYTES;
        long left = skip;
        int count = 0;
        int segments = io.segmentCount();
        for (int i = 0; i < segments; i++) {
            long length = io.length(i);
            if (left >= length) {
                left -= length;
                continue;
            }
            memory.set(ValueLayout.JAVA_LONG, at, io.address(i) + left);
            memory.set(ValueLayout.JAVA_LONG, at + Long.BYTES, length - left);
            at += IOVEC_BYTES;
            left = 0;
            count++;
        }
        return count;
    }

    /** Where list {@code tag} is. */
    long address(int tag) {
        return memory.address() + tag * LIST_BYTES;
    }

    /** Memory of {@link #ZEROES_BYTES} zeroes, for all. */
    static long zeroes() {
        return Zeroes.MEMORY.address();
    }

    void close() {
        Arena a = arena;
        if (a != null) {
            arena = null;
            memory = MemorySegment.NULL;
            a.close();
        }
    }

    private static final class Zeroes {
        static final MemorySegment MEMORY = Arena.global().allocate(ZEROES_BYTES, ALIGNMENT);
    }
}
