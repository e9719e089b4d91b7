// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

/**
 * The sizes that blocks of slabs have: the powers of two from 512 bytes to 4 MiB, numbered by their <em>order</em>.
 *
 * <p>A block is aligned to its size, up to {@link #MAX_ALIGNMENT}, because slabs are; so an alignment is met by
 * taking a block that is at least that large.
 */
final class SizeClass {
    private static final int MIN_SHIFT = 9;

    /** The number of orders. */
    static final int COUNT = 14;

    /** The smallest block: 512 bytes, the smallest sector there is. */
    static final long MIN_BYTES = bytes(0);

    /** The largest block of a slab: 4 MiB. */
    static final long MAX_BYTES = bytes(COUNT - 1);

    /** How slabs and large buffers are aligned, and what they are multiples of: 2 MiB, a hugepage. */
    static final int MAX_ALIGNMENT = 2 << 20;

    /** What {@link #orderOf} says about sizes that get a mapping of their own. */
    static final int LARGE = COUNT;

    /** The order of blocks that are no pool's memory. */
    static final int FOREIGN = COUNT + 1;

    private SizeClass() {}

    /** The size of the blocks of an order. */
    static long bytes(int order) {
        return 1L << (MIN_SHIFT + order);
    }

    /** The smallest order that holds so many bytes, {@link #LARGE} if none does. */
    static int orderOf(long bytes) {
        if (bytes > MAX_BYTES) {
            return LARGE;
        }
        return bytes <= MIN_BYTES ? 0 : Long.SIZE - Long.numberOfLeadingZeros(bytes - 1) - MIN_SHIFT;
    }

    /** Rounds up to whole units of {@link #MAX_ALIGNMENT}. */
    static long roundUpLarge(long bytes) {
        return Math.addExact(bytes, MAX_ALIGNMENT - 1) & -MAX_ALIGNMENT;
    }
}
