// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.sys.PageKind;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The slabs of a pool and what of them is free: one list for each size, under one lock.
 *
 * <p>A block is cut by halving a larger one. Halves are joined again only when the memory would not do otherwise,
 * since most programs go on using the sizes they have used; while somebody waits for memory, they are joined at once.
 *
 * <p>Any thread may call; methods whose name ends in {@code Locked} want the lock held. The thread caches come here
 * once for many blocks.
 */
final class CentralStore {
    private static final Logger LOG = System.getLogger(DmaPool.class.getName());

    final ReentrantLock lock = new ReentrantLock();

    /** Signalled when blocks come back. */
    final Condition returned = lock.newCondition();

    final WaitingList waiting;

    /** For allocations that do not go through a cache. */
    final LeakTracker.Sampler sampler = new LeakTracker.Sampler();

    private final DmaPool pool;
    final long limitBytes;
    private final long slabBytes;
    private final PageKind wantedPages;
    private final @Nullable SlabSource source;
    private final boolean prefault;

    private final @Nullable Block[] free = new @Nullable Block[SizeClass.COUNT];
    private final List<Slab> slabs = new ArrayList<>();
    private final List<Block> large = new ArrayList<>();

    /** Whether blocks were given back since halves were last joined. */
    private boolean unjoined;

    /** Why the system gave no memory the last time, or null if it did. */
    private volatile @Nullable Throwable refusal;

    private volatile boolean toldPages;

    // Statistics, with the lock. "Out" is what is in buffers and in the caches of threads.
    long mappedBytes;
    long peakMappedBytes;
    long outBytes;
    long peakOutBytes;
    long outBlocks;
    long hits;
    long failures;

    /** How often blocks came back. */
    private long returns;

    CentralStore(DmaPool pool, DmaPool.Builder options) {
        this.pool = pool;
        this.limitBytes = options.limitBytes;
        this.slabBytes = options.slabBytes;
        this.wantedPages = options.pages;
        this.source = options.source;
        this.prefault = options.prefault;
        this.waiting = new WaitingList(pool, this, options.maxWaiters);
    }

    // ---- taking ----------------------------------------------------------------------------------------------

    /** Takes one block for a thread cache, or returns null. */
    @Nullable
    Block take(int order) {
        lock.lock();
        try {
            return takeOneLocked(order);
        } finally {
            lock.unlock();
        }
    }

    /** Takes one block, or returns null and counts a failure. */
    @Nullable
    Block takeOneLocked(int order) {
        Block block = takeLocked(order);
        if (block == null) {
            failures++;
        } else {
            hits++;
        }
        return block;
    }

    /** Takes up to {@code wanted} blocks, the first as if alone, further ones only from what is free anyway. */
    int take(int order, @Nullable Block[] into, int wanted) {
        lock.lock();
        try {
            Block first = takeOneLocked(order);
            if (first == null) {
                return 0;
            }
            into[0] = first;
            int n = 1;
            while (n < wanted && !waiting.isWanted()) {
                Block block = cut(order);
                if (block == null) {
                    break;
                }
                countOut(block);
                into[n++] = block;
            }
            return n;
        } finally {
            lock.unlock();
        }
    }

    /** Takes one block by whatever means, or returns null. */
    @Nullable
    Block takeLocked(int order) {
        Block block = cut(order);
        if (block == null && grow(order)) {
            block = cut(order);
        }
        if (block == null && unjoined) {
            joinAll();
            block = cut(order);
        }
        if (block != null) {
            countOut(block);
        }
        return block;
    }

    /**
     * Maps memory for one large buffer, or returns null and counts a failure. Mapping may take long, so it is done
     * without the lock, which the caller must not hold.
     */
    @Nullable
    Block takeLarge(long wanted) {
        long bytes = SizeClass.roundUpLarge(Math.min(wanted, limitBytes + 1));
        lock.lock();
        try {
            if (bytes > limitBytes - mappedBytes) {
                failures++;
                return null;
            }
            countMapped(bytes);
        } finally {
            lock.unlock();
        }
        Slab slab = map(bytes);
        lock.lock();
        try {
            if (slab == null) {
                mappedBytes -= bytes;
                failures++;
                return null;
            }
            Block block = new Block(pool, slab, SizeClass.LARGE, 0, slab.memory);
            large.add(block);
            hits++;
            countOut(block);
            return block;
        } finally {
            lock.unlock();
        }
    }

    long returns() {
        lock.lock();
        try {
            return returns;
        } finally {
            lock.unlock();
        }
    }

    private void countOut(Block block) {
        block.out = true;
        outBlocks++;
        outBytes += block.bytes();
        peakOutBytes = Math.max(peakOutBytes, outBytes);
    }

    /** Takes a free block of the order, cut from a larger one if need be. */
    private @Nullable Block cut(int order) {
        for (int from = order; from < SizeClass.COUNT; from++) {
            Block block = free[from];
            if (block != null) {
                unlink(block);
                while (block.order > order) {
                    int half = block.order - 1;
                    link(block.slab.block(pool, half, block.index * 2 + 1));
                    block = block.slab.block(pool, half, block.index * 2);
                }
                return block;
            }
        }
        return null;
    }

    private boolean grow(int order) {
        long bytes = Math.min(slabBytes, (limitBytes - mappedBytes) & -SizeClass.MAX_ALIGNMENT);
        if (bytes < SizeClass.bytes(order)) {
            return false;
        }
        Slab slab = map(bytes);
        if (slab == null) {
            return false;
        }
        slabs.add(slab);
        countMapped(bytes);
        for (long offset = 0; offset < bytes; ) {
            int whole = Math.min(SizeClass.COUNT - 1, SizeClass.orderOf(Long.highestOneBit(bytes - offset)));
            link(slab.block(pool, whole, (int) (offset / SizeClass.bytes(whole))));
            offset += SizeClass.bytes(whole);
        }
        return true;
    }

    private void countMapped(long bytes) {
        mappedBytes += bytes;
        peakMappedBytes = Math.max(peakMappedBytes, mappedBytes);
    }

    private @Nullable Slab map(long bytes) {
        try {
            Slab slab = Slab.map(bytes, wantedPages, source, prefault);
            if (slab.kind != wantedPages && source == null && !toldPages) {
                toldPages = true;
                LOG.log(
                        Level.DEBUG,
                        "pool {0} wanted {1} pages and got {2}; DmaPool.stats() tells",
                        pool.name(),
                        wantedPages,
                        slab.kind);
            }
            refusal = null;
            return slab;
        } catch (UncheckedIOException | OutOfMemoryError e) {
            if (refusal == null) {
                LOG.log(Level.WARNING, "pool " + pool.name() + " cannot have " + bytes + " more bytes", e);
            }
            refusal = e;
            return null;
        }
    }

    @Nullable
    Throwable refusal() {
        return refusal;
    }

    // ---- giving back -----------------------------------------------------------------------------------------

    /** Gives one block back. */
    void put(Block block) {
        lock.lock();
        try {
            putLocked(block);
            returnedLocked();
        } finally {
            lock.unlock();
        }
        pool.lifecycle().afterReturn();
    }

    /** Gives the first {@code count} blocks back. */
    void put(@Nullable Block[] blocks, int count) {
        lock.lock();
        try {
            for (int i = 0; i < count; i++) {
                Block block = blocks[i];
                if (block != null) {
                    putLocked(block);
                }
            }
            returnedLocked();
        } finally {
            lock.unlock();
        }
        pool.lifecycle().afterReturn();
    }

    void putLocked(Block block) {
        block.out = false;
        outBlocks--;
        outBytes -= block.bytes();
        if (waiting.isWanted()) {
            join(block);
        } else {
            link(block);
            unjoined = true;
        }
    }

    /** Unmaps a large buffer, without the lock, as this may take long, too. */
    void putLarge(Block block) {
        boolean unmapped = false;
        try {
            block.slab.unmap();
            unmapped = true;
        } catch (IllegalStateException e) {
            LOG.log(Level.ERROR, "pool " + pool.name() + ": a large buffer cannot be unmapped while C code uses it", e);
        }
        lock.lock();
        try {
            block.out = false;
            outBlocks--;
            outBytes -= block.bytes();
            large.remove(block);
            if (unmapped) {
                mappedBytes -= block.bytes();
            }
            returnedLocked();
        } finally {
            lock.unlock();
        }
        pool.lifecycle().afterReturn();
    }

    private void returnedLocked() {
        returns++;
        waiting.serveLocked();
        returned.signalAll();
    }

    /** Adds a block to the free ones, joined with its other half if that is free too, and so on. */
    private void join(Block block) {
        Block whole = block;
        while (whole.order < SizeClass.COUNT - 1) {
            Block half = whole.slab.peek(whole.order, whole.index ^ 1);
            if (half == null || !half.free) {
                break;
            }
            unlink(half);
            whole = whole.slab.block(pool, whole.order + 1, whole.index >> 1);
        }
        link(whole);
    }

    private void joinAll() {
        unjoined = false;
        for (int order = 0; order < SizeClass.COUNT - 1; order++) {
            List<Block> blocks = new ArrayList<>();
            for (Block b = free[order]; b != null; b = b.next) {
                blocks.add(b);
            }
            for (Block b : blocks) {
                if (b.free) {
                    unlink(b);
                    join(b);
                }
            }
        }
    }

    private void link(Block block) {
        Block head = free[block.order];
        block.free = true;
        block.previous = null;
        block.next = head;
        if (head != null) {
            head.previous = block;
        }
        free[block.order] = block;
    }

    private void unlink(Block block) {
        Block before = block.previous;
        Block after = block.next;
        if (before == null) {
            free[block.order] = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        block.free = false;
        block.previous = null;
        block.next = null;
    }

    // ---- as a whole ------------------------------------------------------------------------------------------

    /** Calls for every block that is neither free nor cut; among them those in thread caches. */
    void forEachOutLocked(Consumer<Block> action) {
        Consumer<Block> ifOut = block -> {
            if (block.out) {
                action.accept(block);
            }
        };
        slabs.forEach(slab -> slab.forEachBlock(ifOut));
        List.copyOf(large).forEach(ifOut);
    }

    /** Unmaps all slabs. Nothing may be out. */
    void unmapLocked() {
        slabs.forEach(slab -> mappedBytes -= slab.bytes());
        slabs.forEach(Slab::unmap);
        slabs.clear();
        Arrays.fill(free, null);
    }

    /**
     * Maps slabs until there are so many bytes.
     *
     * @return false if that is not possible
     */
    boolean reserve(long bytes) {
        lock.lock();
        try {
            while (mappedBytes < bytes) {
                if (!grow(0)) {
                    return false;
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    int slabCountLocked() {
        return slabs.size();
    }

    int largeCountLocked() {
        return large.size();
    }

    /** The mapped bytes by what backs them. */
    Map<PageKind, Long> pagesLocked() {
        Map<PageKind, Long> pages = new EnumMap<>(PageKind.class);
        slabs.forEach(slab -> pages.merge(slab.kind, slab.bytes(), Long::sum));
        large.forEach(block -> pages.merge(block.slab.kind, block.bytes(), Long::sum));
        return pages;
    }
}
