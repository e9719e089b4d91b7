// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

/**
 * What one job does: a workload on one part of one device, from one core.
 *
 * @param bdev name of the device
 * @param core whose reactor does it
 * @param blockSize of the device in bytes
 * @param firstBlock where its part begins
 * @param slots how many I/Os fit into its part, side by side
 * @param blocksPerIo size of an I/O
 * @param queueDepth I/Os in flight
 * @param workload what they do
 * @param readPercent of a mixed workload
 * @param firstGeneration the mark of the first data that verify writes, larger than that of any earlier run
 * @param style how they are submitted
 * @param exactClock whether to read the clock for each I/O, instead of taking the reactor's time of the round
 * @param continueOnError whether a failed I/O does not end the run
 */
record JobSpec(
        String bdev,
        int core,
        int blockSize,
        long firstBlock,
        long slots,
        int blocksPerIo,
        int queueDepth,
        Workload workload,
        int readPercent,
        long firstGeneration,
        IoStyle style,
        boolean exactClock,
        boolean continueOnError) {

    int ioSize() {
        return blockSize * blocksPerIo;
    }

    /** The offsets of the I/O with that index when all take turns. */
    OffsetSource ownOffsets(int index) {
        return offsets(index, queueDepth);
    }

    /** The offsets of the whole job. */
    OffsetSource commonOffsets() {
        return offsets(0, 1);
    }

    private OffsetSource offsets(int index, int stride) {
        return new OffsetSource(firstBlock, slots, blocksPerIo, index, stride, workload.isRandom());
    }
}
