// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The free blocks of one pool that one SPDK thread keeps for itself: a stack for each size, used without locks by that
 * thread alone. It takes from the {@link CentralStore} and gives back to it by halves.
 *
 * <p>Other threads read the counts for statistics, and may see them a little late.
 */
final class ThreadCache {
    private static final @Nullable Block[] NOTHING = {};

    /** The most that is fetched at a time: enough to forget the lock, and not so much that one allocation is slow. */
    private static final int MAX_REFILL = 32;

    final DmaPool pool;
    final ThreadMemory home;
    final LeakTracker.Sampler sampler = new LeakTracker.Sampler();
    private final CentralStore central;
    private final @Nullable Block[][] stacks = new @Nullable Block[SizeClass.COUNT][];
    private final int[] counts = new int[SizeClass.COUNT];
    private long hits;

    /** Whether the thread was asked to {@link #flush}; guarded by the lock of the central store. */
    boolean calledIn;

    ThreadCache(DmaPool pool, ThreadMemory home, CentralStore central) {
        this.pool = pool;
        this.home = home;
        this.central = central;
        for (int order = 0; order < SizeClass.COUNT; order++) {
            stacks[order] = new @Nullable Block[pool.cachedBlocks(order)];
        }
    }

    /** A block, or null if the pool has none left. */
    @Nullable
    Block take(int order) {
        int n = counts[order] - 1;
        if (n >= 0) {
            counts[order] = n;
            hits++;
            return stacks[order][n];
        }
        return refill(order);
    }

    private @Nullable Block refill(int order) {
        @Nullable Block[] stack = stacks[order];
        int wanted = Math.min(MAX_REFILL, stack.length / 2);
        if (wanted <= 1) {
            return central.take(order);
        }
        int n = central.take(order, stack, wanted) - 1;
        if (n < 0) {
            return null;
        }
        counts[order] = n;
        return stack[n];
    }

    void put(Block block) {
        int order = block.order;
        @Nullable Block[] stack = stacks[order];
        int n = counts[order];
        if (n == stack.length) {
            if (n == 0) {
                central.put(block);
                return;
            }
            // The older half goes: the younger is what the CPU's caches still have.
            int old = (n + 1) / 2;
            central.put(stack, old);
            n -= old;
            System.arraycopy(stack, old, stack, 0, n);
        }
        stack[n] = block;
        counts[order] = n + 1;
    }

    /** Gives everything back, because others wait for it. */
    void flush() {
        for (int order = 0; order < SizeClass.COUNT; order++) {
            int n = counts[order];
            counts[order] = 0;
            if (n > 0) {
                central.put(stacks[order], n);
            }
        }
    }

    /** Gives everything back and keeps nothing from now on. */
    void retire() {
        flush();
        Arrays.fill(stacks, NOTHING);
    }

    /** Allocations that needed no lock. */
    long hits() {
        return hits;
    }

    /** Blocks that lie here. */
    long blocks() {
        return Arrays.stream(counts).asLongStream().sum();
    }

    /** Bytes that lie here. */
    long bytes() {
        long sum = 0;
        for (int order = 0; order < SizeClass.COUNT; order++) {
            sum += counts[order] * SizeClass.bytes(order);
        }
        return sum;
    }
}
