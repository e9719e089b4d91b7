// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The data of the verify workload. Each block begins with its own number and the generation of the write; all other
 * words follow from these two, so that data of another place, of another time, or torn, is told apart.
 *
 * <p>Thread rule: stateless, usable anywhere.
 */
final class BlockPattern {
    /** Little-endian whatever the machine, so that a dump reads the same everywhere. */
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int HEADER_BYTES = 2 * Long.BYTES;

    private final int blockSize;

    /**
     * @param blockSize in bytes, a multiple of 8 and at least 16
     */
    BlockPattern(int blockSize) {
        if (blockSize % Long.BYTES != 0 || blockSize < HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "verify cannot mark blocks of " + blockSize + " bytes: it needs a multiple of 8, at least 16");
        }
        this.blockSize = blockSize;
    }

    /** Fills {@code data}, which is whole blocks, as what belongs at {@code firstBlock}. */
    void fill(MemorySegment data, long firstBlock, long generation) {
        long block = firstBlock;
        for (long at = 0; at < data.byteSize(); at += blockSize) {
            data.set(WORD, at, block);
            data.set(WORD, at + Long.BYTES, generation);
            long step = step(block, generation);
            long value = step;
            for (int i = HEADER_BYTES; i < blockSize; i += Long.BYTES) {
                data.set(WORD, at + i, value);
                value += step;
            }
            block++;
        }
    }

    /** Whether {@code data} is exactly what {@link #fill} would make; the cheap question before {@link #describe}. */
    boolean matches(MemorySegment data, long firstBlock, long generation) {
        long block = firstBlock;
        for (long at = 0; at < data.byteSize(); at += blockSize) {
            long step = step(block, generation);
            long value = step;
            long difference = (data.get(WORD, at) ^ block) | (data.get(WORD, at + Long.BYTES) ^ generation);
            for (int i = HEADER_BYTES; i < blockSize; i += Long.BYTES) {
                difference |= data.get(WORD, at + i) ^ value;
                value += step;
            }
            if (difference != 0) {
                return false;
            }
            block++;
        }
        return true;
    }

    /** Says what is wrong with the first bad block, or null if there is none. */
    @Nullable
    String describe(MemorySegment data, long firstBlock, long generation) {
        long block = firstBlock;
        for (long at = 0; at < data.byteSize(); at += blockSize) {
            MemorySegment one = data.asSlice(at, blockSize);
            if (!matches(one, block, generation)) {
                return "block " + block + ", generation " + generation + ": " + found(one, block, generation);
            }
            block++;
        }
        return null;
    }

    private String found(MemorySegment one, long block, long generation) {
        long foundBlock = one.get(WORD, 0);
        long foundGeneration = one.get(WORD, Long.BYTES);
        if (matches(one, foundBlock, foundGeneration)) {
            if (foundBlock != block) {
                return "misplaced data of block " + foundBlock + ", generation " + foundGeneration;
            }
            return (foundGeneration < generation ? "stale" : "later") + " data of generation " + foundGeneration;
        }
        long step = step(block, generation);
        long expected = block;
        for (int i = 0; i < blockSize; i += Long.BYTES) {
            long word = one.get(WORD, i);
            if (word != expected) {
                return "byte " + i + " is %016x instead of %016x".formatted(word, expected);
            }
            expected = i == 0 ? generation : i == Long.BYTES ? step : expected + step;
        }
        throw new IllegalStateException("block " + block + " changed while it was looked at");
    }

    /** Odd, so that no word of a block equals another. */
    private static long step(long block, long generation) {
        long x = (block + 1) * 0x9E3779B97F4A7C15L ^ (generation + 1) * 0xC2B2AE3D27D4EB4FL;
        return (x ^ x >>> 32) | 1;
    }
}
