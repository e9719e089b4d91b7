// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoType;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * What a simulated device is like: its demands, its abilities and its bad habits.
 *
 * @param plain whether it takes every request as it is, so that requests reach it in the order of their submission
 * @param capacity I/Os that it has room for, on all channels together
 * @param tellsRoom whether it says when there is room again
 * @param inline how often it answers inside the submit call
 * @param remote how often it answers from another thread
 * @param performsEarly how often it does its work at once and answers later
 * @param latencyNanos the longest that it takes otherwise
 * @param pollNanos how often it looks for what is due; 0 for each pass of the thread
 * @param noMemory how often it has no room all the same
 * @param lateNoMemory how often it takes an I/O first and has no room then
 * @param failure how often it fails
 * @param exception how often it throws
 * @param stuck how often it keeps an I/O until a reset, an abort or the end
 * @param aborts how often an abort is in time, if it can abort at all
 */
record Traits(
        int blockSize,
        int blocks,
        boolean plain,
        Set<IoType> types,
        int alignment,
        int boundary,
        int writeUnit,
        int maxRwBlocks,
        int maxSegmentSize,
        int maxSegments,
        int maxUnmapBlocks,
        int maxWriteZeroesBlocks,
        int maxCopyBlocks,
        int acwu,
        int capacity,
        boolean tellsRoom,
        double inline,
        double remote,
        double performsEarly,
        long latencyNanos,
        long pollNanos,
        double noMemory,
        double lateNoMemory,
        double failure,
        double exception,
        double stuck,
        double aborts) {

    private static final IoType[] OPTIONAL = {
        IoType.UNMAP,
        IoType.FLUSH,
        IoType.RESET,
        IoType.WRITE_ZEROES,
        IoType.ZCOPY,
        IoType.COMPARE,
        IoType.COMPARE_AND_WRITE,
        IoType.COPY,
        IoType.ABORT,
        IoType.SEEK_DATA,
        IoType.SEEK_HOLE,
        IoType.NVME_IO
    };

    static Traits draw(RandomGenerator r) {
        boolean plain = r.nextInt(3) == 0;
        EnumSet<IoType> types = EnumSet.of(IoType.READ, IoType.WRITE);
        for (IoType type : OPTIONAL) {
            // On a plain device nothing is emulated that would hold writes back, or write what is older.
            boolean needed = plain && (type == IoType.COMPARE_AND_WRITE || type == IoType.COPY);
            if (r.nextInt(3) > 0 || type == IoType.RESET || needed) {
                types.add(type);
            }
        }
        int unit = plain || r.nextInt(3) > 0 ? 1 : 1 << r.nextInt(3);
        boolean split = !plain && r.nextInt(4) > 0;
        int blockSize = pick(r, 512, 512, 512, 1024, 520);
        boolean faulty = r.nextBoolean();
        return new Traits(
                blockSize,
                (32 + r.nextInt(64)) & -unit,
                plain,
                types,
                plain || r.nextBoolean() ? 1 : 1 << r.nextInt(13),
                split ? pick(r, 0, unit, 4 * unit, 8 * unit) : 0,
                unit,
                split ? pick(r, 0, unit, 3 * unit, 8 * unit) : 0,
                split ? pick(r, 0, unit * blockSize, 4 * unit * blockSize + 256) : 0,
                split ? pick(r, 0, 0, 1, 2, 5) : 0,
                split ? pick(r, 0, 1, 5) : 0,
                split ? pick(r, 0, 1, 5) : 0,
                split ? pick(r, 0, 1, 5) : 0,
                unit * (1 + r.nextInt(4)),
                r.nextBoolean() ? Integer.MAX_VALUE : 1 + r.nextInt(6),
                r.nextBoolean(),
                pick(r, 0, 30, 100) / 100.0,
                r.nextBoolean() ? 0 : r.nextDouble(),
                r.nextDouble(),
                pick(r, 0, 1_000, 30_000, 300_000),
                pick(r, 0, 0, 10_000, 50_000),
                faulty ? pick(r, 0, 5, 30) / 100.0 : 0,
                faulty && !plain ? pick(r, 0, 0, 5) / 100.0 : 0,
                faulty ? pick(r, 0, 2, 10) / 100.0 : 0,
                faulty && r.nextInt(8) == 0 ? 0.02 : 0,
                faulty ? pick(r, 0, 1, 5) / 100.0 : 0,
                r.nextDouble());
    }

    /** The same as a member of an array, whose blocks all have one size; perhaps it does what it is asked. */
    Traits ofMember(boolean faulty) {
        int size = 512;
        return new Traits(
                size,
                blocks,
                false,
                types,
                alignment,
                boundary,
                1,
                maxRwBlocks,
                maxSegmentSize == 0 ? 0 : Math.max(size, maxSegmentSize),
                maxSegments,
                maxUnmapBlocks,
                maxWriteZeroesBlocks,
                maxCopyBlocks,
                1,
                capacity,
                tellsRoom,
                inline,
                remote,
                performsEarly,
                latencyNanos,
                pollNanos,
                noMemory,
                lateNoMemory,
                faulty ? failure : 0,
                faulty ? exception : 0,
                stuck,
                aborts);
    }

    private static int pick(RandomGenerator r, int... values) {
        return values[r.nextInt(values.length)];
    }

    /** Whether requests may end by a failure of the device. */
    boolean mayFail() {
        return failure > 0 || exception > 0;
    }

    BdevSpec spec(String name, UUID uuid) {
        return BdevSpec.builder(name, blockSize, blocks)
                .productName("simulated")
                .uuid(uuid)
                .requiredAlignment(alignment)
                .optimalIoBoundary(boundary, boundary > 0)
                .writeUnitSize(writeUnit, writeUnit > 1)
                .maxRwBlocks(maxRwBlocks)
                .maxSegmentSize(maxSegmentSize)
                .maxSegments(maxSegments)
                .maxUnmapBlocks(maxUnmapBlocks)
                .maxWriteZeroesBlocks(maxWriteZeroesBlocks)
                .maxCopyBlocks(maxCopyBlocks)
                .acwu(acwu)
                .build();
    }
}
