// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;

/**
 * What a device demands of one I/O, worked out once: whether a request may go as it is, and how large its parts are.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
final class SplitRules {
    final int blockSize;
    final int alignment;
    final long alignmentMask;

    /** Most blocks of a read or write whose memory is one piece. */
    final long plainBlocks;

    final long maxRwBlocks;
    final long maxSegmentSize;
    final int maxSegments;
    final long maxUnmapBlocks;
    final long maxWriteZeroesBlocks;
    final long maxCopyBlocks;
    private final long readBoundary;
    private final long writeBoundary;
    private final long writeUnit;
    private final long bounceBytes;

    /** Whether some read or write must be looked at more closely than by its size and address. */
    final boolean hasBoundary;

    SplitRules(BdevSpec spec, BdevOptions options) {
        blockSize = spec.blockSize();
        alignment = spec.requiredAlignment();
        alignmentMask = alignment - 1L;
        maxRwBlocks = orNone(spec.maxRwBlocks());
        maxSegmentSize = orNone(spec.maxSegmentSize());
        maxSegments = spec.maxSegments() == 0 ? Integer.MAX_VALUE : spec.maxSegments();
        maxUnmapBlocks = orNone(spec.maxUnmapBlocks());
        maxWriteZeroesBlocks = orNone(spec.maxWriteZeroesBlocks());
        maxCopyBlocks = orNone(spec.maxCopyBlocks());
        plainBlocks = Math.min(maxRwBlocks, maxSegmentSize / blockSize);
        readBoundary = spec.splitOnOptimalIoBoundary() ? spec.optimalIoBoundary() : 0;
        writeUnit = spec.splitOnWriteUnit() ? spec.writeUnitSize() : 1;
        writeBoundary = spec.splitOnWriteUnit() ? spec.writeUnitSize() : readBoundary;
        hasBoundary = readBoundary > 0 || writeBoundary > 0;
        bounceBytes = options.bounceBufferBytes();
    }

    private static long orNone(long maximum) {
        return maximum == 0 ? Long.MAX_VALUE : maximum;
    }

    boolean isAligned(long addressOrLength) {
        return (addressOrLength & alignmentMask) == 0;
    }

    private long boundary(IoType type) {
        return type == IoType.WRITE ? writeBoundary : readBoundary;
    }

    boolean crossesBoundary(IoType type, long block, long count) {
        long b = boundary(type);
        return b > 0 && block / b != (block + count - 1) / b;
    }

    /** Whether a write consists of whole write units. */
    boolean isWholeUnits(long block, long count) {
        return writeUnit == 1 || (block % writeUnit == 0 && count % writeUnit == 0);
    }

    long writeUnit() {
        return writeUnit;
    }

    /** Whether a read or write with several pieces of memory may go as it is. */
    boolean isPlain(IoType type, long block, long count, IoVec vec) {
        return fits(count, vec) && !(hasBoundary && crossesBoundary(type, block, count));
    }

    /** The same wherever it goes to. */
    boolean fits(long count, IoVec vec) {
        int pieces = vec.count();
        if (count > maxRwBlocks || pieces > maxSegments) {
            return false;
        }
        for (int i = 0; i < pieces; i++) {
            long length = vec.length(i);
            if (length > maxSegmentSize || !isAligned(vec.address(i)) || (i < pieces - 1 && !isAligned(length))) {
                return false;
            }
        }
        return true;
    }

    /** The same with memory of {@code parent}, from a byte on. */
    boolean isPlain(IoType type, long block, long count, BdevIo parent, long firstByte) {
        if (parent.segmentCount() == 1) {
            return count <= plainBlocks
                    && ((parent.address(0) + firstByte) & alignmentMask) == 0
                    && !(hasBoundary && crossesBoundary(type, block, count));
        }
        if (count > maxRwBlocks || (hasBoundary && crossesBoundary(type, block, count))) {
            return false;
        }
        long skip = firstByte;
        long left = count * blockSize;
        int pieces = 0;
        for (int i = 0; left > 0; i++) {
            long length = Math.min(left, parent.length(i) - skip);
            if (length <= 0) {
                skip -= parent.length(i);
                continue;
            }
            left -= length;
            if (++pieces > maxSegments
                    || length > maxSegmentSize
                    || !isAligned(parent.address(i) + skip)
                    || (left > 0 && !isAligned(length))) {
                return false;
            }
            skip = 0;
        }
        return true;
    }

    /** How many blocks the next part of a read or write may have at most. */
    long mostBlocks(IoType type, long block, long remaining) {
        long b = boundary(type);
        long most = Math.min(remaining, maxRwBlocks);
        return b == 0 ? most : Math.min(most, b - block % b);
    }

    /** The largest number of whole write units, or blocks, in {@code count}. */
    long wholeUnits(IoType type, long count) {
        return type == IoType.WRITE ? count - count % writeUnit : count;
    }

    long mostZeroBlocks(long zeroBytes) {
        return Math.min(zeroBytes / blockSize, maxSegmentSize / blockSize);
    }

    /** How many bytes a buffer of zeroes must have so that a write unit fits. */
    int leastZeroBytes() {
        return Math.toIntExact(writeUnit * blockSize);
    }

    long bounceBlocks(IoType type) {
        return Math.max(
                wholeUnits(type, Math.min(bounceBytes, maxSegmentSize) / blockSize),
                type == IoType.WRITE ? writeUnit : 1);
    }
}
