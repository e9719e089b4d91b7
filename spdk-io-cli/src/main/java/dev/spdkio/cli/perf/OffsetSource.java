// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

/**
 * Where the next I/O of a job goes, and what it is: random numbers and offsets, without allocation.
 *
 * <p>Thread rule: confined to one thread.
 */
final class OffsetSource {
    private final long firstBlock;
    private final long slots;
    private final int blocksPerIo;
    private final int firstSlot;
    private final int stride;
    private final boolean random;
    private long state;
    private long next;

    /**
     * @param firstBlock where the job's part of the device begins
     * @param slots how many I/Os fit into that part, side by side
     * @param blocksPerIo size of an I/O
     * @param firstSlot where the sequence of ascending offsets begins
     * @param stride how many slots it goes on each time; more than 1 where several sources share a part
     * @param random whether any slot may be next
     */
    OffsetSource(long firstBlock, long slots, int blocksPerIo, int firstSlot, int stride, boolean random) {
        this.firstBlock = firstBlock;
        this.slots = slots;
        this.blocksPerIo = blocksPerIo;
        this.firstSlot = firstSlot;
        this.stride = stride;
        this.random = random;
        this.next = firstSlot;
        // Different for each job and I/O, the same in each run; a xorshift generator must not start from zero.
        this.state = (firstBlock << 20 ^ firstSlot) * 0x9E3779B97F4A7C15L | 1;
    }

    /** The block at which the next I/O begins. */
    long nextBlock() {
        long slot;
        if (random) {
            // The upper half of a 128-bit product spreads the numbers over the slots without a division.
            slot = Math.unsignedMultiplyHigh(nextRandom(), slots);
        } else {
            slot = next;
            next = slot + stride < slots ? slot + stride : firstSlot;
        }
        return firstBlock + slot * blocksPerIo;
    }

    /** Whether the next I/O is a read, as {@code readPercent} of 100 are. */
    boolean nextIsRead(int readPercent) {
        return ((nextRandom() >>> 32) * 100) >>> 32 < readPercent;
    }

    private long nextRandom() {
        long x = state;
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        state = x;
        // Xorshift alone is weak in its upper bits right after the start; the factor spreads them.
        return x * 0x2545F4914F6CDD1DL;
    }
}
