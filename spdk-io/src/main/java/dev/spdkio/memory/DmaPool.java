// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where {@link DmaBuf}s come from: aligned memory from few large mappings, on hugepages where there are any. Stands for
 * {@code spdk_dma_malloc} and {@code spdk_iobuf}, with a limit.
 *
 * <p>Sizes up to 4 MiB are rounded up to a power of two and cut from slabs that stay mapped until the pool is closed.
 * Larger ones get a mapping each, which ends with the buffer; that costs tens of microseconds and is not for each
 * I/O. The memory of a fresh mapping is zero; a block that is used again has its old contents.
 *
 * <p>Thread rule: everything may be called from any thread. An SPDK thread has a cache of its own and needs no lock
 * as long as that can serve it; other threads go through a lock each time.
 */
public final class DmaPool implements AutoCloseable {
    /** How {@link LeakTracking#SAMPLED} samples: one allocation in {@value}. */
    public static final int SAMPLE_INTERVAL = 128;

    /** The most that an allocation can be aligned to: 2 MiB. */
    public static final int MAX_ALIGNMENT = SizeClass.MAX_ALIGNMENT;

    /** More than any machine has, and far from overflow. */
    private static final long MAX_LIMIT_BYTES = 1L << 56;

    /** No cache of a thread has more blocks of a size, whatever its bytes. */
    private static final int MAX_CACHED_BLOCKS = 256;

    /** The number of this pool in the tables of threads; no other open pool has it. */
    final int id = PoolIds.take();

    private final String name;
    private final long limitBytes;
    private final int alignment;
    private final int largestOrder;
    private final long threadCacheBytes;
    private final LeakTracker leaks;
    private final CentralStore central;
    private final PoolLifecycle lifecycle;

    private DmaPool(Builder options) {
        this.name = options.name;
        this.limitBytes = options.limitBytes;
        this.alignment = options.alignment;
        this.largestOrder = SizeClass.orderOf(Math.min(SizeClass.MAX_BYTES, Long.highestOneBit(options.slabBytes)));
        // Small pools must not disappear in the caches of a few threads.
        this.threadCacheBytes = Math.min(options.threadCacheBytes, options.limitBytes / 16);
        this.leaks = new LeakTracker(name, options.leakTracking);
        this.central = new CentralStore(this, options);
        this.lifecycle = new PoolLifecycle(this, central);
        if (!central.reserve(Math.min(options.reservedBytes, options.limitBytes & -MAX_ALIGNMENT))) {
            lifecycle.close();
            throw (LimitExceededException) new LimitExceededException(
                            "reservedBytes",
                            options.reservedBytes,
                            "pool " + name + " did not get the memory to begin with")
                    .initCause(central.refusal());
        }
    }

    /** Begins the description of a pool. */
    public static Builder builder() {
        return new Builder();
    }

    /** The name, for messages and statistics. */
    public String name() {
        return name;
    }

    // ---- allocating ------------------------------------------------------------------------------------------

    /** Allocates with the alignment of the pool; see {@link #allocate(long, int)}. */
    public DmaBuf allocate(long bytes) {
        return allocate(bytes, alignment);
    }

    /**
     * Allocates a buffer, or says why not. Stands for {@code spdk_dma_malloc}.
     *
     * <p>Off the reactors it waits a moment, at most five seconds, if memory is on its way back from other threads.
     *
     * @param bytes the size, at least 1; the buffer has exactly this size
     * @param alignment a power of two up to {@link #MAX_ALIGNMENT}
     * @throws LimitExceededException if the pool has no memory left
     * @throws IllegalStateException if the pool is closed
     */
    public DmaBuf allocate(long bytes, int alignment) {
        int order = orderOf(bytes, alignment);
        DmaBuf buf = take(order, bytes);
        if (buf == null) {
            buf = lifecycle.takeReturning(order, bytes);
        }
        if (buf == null) {
            throw exhausted(bytes);
        }
        return buf;
    }

    /** Allocates with the alignment of the pool; see {@link #tryAllocate(long, int)}. */
    public @Nullable DmaBuf tryAllocate(long bytes) {
        return tryAllocate(bytes, alignment);
    }

    /**
     * Allocates a buffer, or returns null at once if the pool has no memory left. An I/O path does this, and then
     * {@link #onAvailable}.
     *
     * @param bytes the size, at least 1; the buffer has exactly this size
     * @param alignment a power of two up to {@link #MAX_ALIGNMENT}
     * @throws IllegalStateException if the pool is closed
     */
    public @Nullable DmaBuf tryAllocate(long bytes, int alignment) {
        int order = orderOf(bytes, alignment);
        DmaBuf buf = take(order, bytes);
        return buf == null && lifecycle.callIn() ? take(order, bytes) : buf;
    }

    private @Nullable DmaBuf take(int order, long bytes) {
        lifecycle.checkOpen();
        if (order != SizeClass.LARGE) {
            ThreadMemory here = ThreadMemory.current();
            ThreadCache cache = here == null ? null : here.cache(this);
            if (cache != null) {
                Block block = cache.take(order);
                return block == null ? null : open(block, bytes, cache.sampler, null);
            }
        }
        return lifecycle.takeShared(order, bytes);
    }

    /** A request for memory that has not been met yet. */
    public interface Waiter {
        /**
         * Gives up waiting. Any thread.
         *
         * @return true if the buffer will never come; false if it came or is on its way
         */
        boolean cancel();
    }

    /** Waits with the alignment of the pool; see {@link #onAvailable(long, int, SpdkThread, Consumer)}. */
    public Waiter onAvailable(long bytes, SpdkThread thread, Consumer<? super DmaBuf> taker) {
        return onAvailable(bytes, alignment, thread, taker);
    }

    /**
     * Asks for a buffer as soon as there is memory: first come, first served. Any thread.
     *
     * <p>The buffer comes by a message, also if there is memory now.
     *
     * @param bytes the size, at least 1, at most 4 MiB or the size of a slab, whichever is less
     * @param alignment a power of two up to {@link #MAX_ALIGNMENT}
     * @param thread the SPDK thread that wants it
     * @param taker is called with the buffer on that thread, once, and has to close it
     * @return with which to give up
     * @throws LimitExceededException if {@code maxWaiters} requests wait already, or the pool can never hold so much
     * @throws IllegalStateException if the pool is closed
     */
    public Waiter onAvailable(long bytes, int alignment, SpdkThread thread, Consumer<? super DmaBuf> taker) {
        int order = orderOf(bytes, alignment);
        if (order == SizeClass.LARGE) {
            throw new IllegalArgumentException("pool " + name + ": cannot wait for a buffer of " + bytes
                    + " bytes, since it does not come from a slab; allocate it ahead, or raise slabBytes");
        }
        if (SizeClass.bytes(order) > limitBytes) {
            throw exhausted(bytes);
        }
        Objects.requireNonNull(taker, "taker");
        Waiter waiter = lifecycle.await(order, bytes, Objects.requireNonNull(thread, "thread"), taker);
        lifecycle.callIn();
        return waiter;
    }

    private int orderOf(long bytes, int wantedAlignment) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("pool " + name + ": a buffer of " + bytes + " bytes");
        }
        checkAlignment(wantedAlignment);
        int order = SizeClass.orderOf(Math.max(bytes, wantedAlignment));
        return order <= largestOrder ? order : SizeClass.LARGE;
    }

    private static void checkAlignment(int alignment) {
        if (Integer.bitCount(alignment) != 1 || alignment < 1 || alignment > MAX_ALIGNMENT) {
            throw new IllegalArgumentException(
                    "alignment " + alignment + " is not a power of two between 1 and " + MAX_ALIGNMENT);
        }
    }

    private LimitExceededException exhausted(long bytes) {
        DmaPoolStats s = stats();
        Throwable refusal = central.refusal();
        LimitExceededException e = new LimitExceededException(
                "limitBytes",
                limitBytes,
                "pool " + name + " has no room for a buffer of " + bytes + " bytes: " + s.usedBytes()
                        + " bytes are in use, "
                        + s.cachedBytes() + " in the caches of threads, " + s.settlingBytes() + " on their way back, "
                        + s.mappedBytes() + " are mapped"
                        + (refusal == null ? "" : ", and the system gives no more: " + refusal.getMessage())
                        + "; raise the limit, or close buffers that are not needed");
        e.initCause(refusal);
        return e;
    }

    /** Makes the buffer of a block that was taken. */
    DmaBuf open(Block block, long bytes, LeakTracker.Sampler sampler, @Nullable AllocationSite requested) {
        DmaBuf buf = new DmaBuf(block, block.view(bytes));
        block.holder = leaks.holderOf(buf, sampler, requested);
        return buf;
    }

    /**
     * Makes a buffer of memory that somebody else owns: nothing is copied, and nothing given back when it is closed.
     * It takes nothing of the pool, whose end it does not notice. Any thread.
     *
     * @param memory where devices may read and write until the buffer is closed; the caller sees to it that it stays,
     *     and that devices of the engine in use can reach it
     */
    public DmaBuf wrap(MemorySegment memory) {
        if (!memory.isNative() || memory.byteSize() == 0) {
            throw new IllegalArgumentException("pool " + name + ": cannot make a buffer of " + memory
                    + ": give a segment outside the heap of at least one byte");
        }
        return new DmaBuf(new Block(this, memory), memory);
    }

    /** Takes a block back whose last handle is closed, into the cache of the caller's thread if there is one. */
    void free(Block block, @Nullable ThreadMemory here) {
        if (block.isForeign()) {
            return;
        }
        forget(block);
        if (block.isLarge()) {
            central.putLarge(block);
            return;
        }
        ThreadCache cache = here == null || central.waiting.isWanted() ? null : here.cache(this);
        if (cache != null) {
            cache.put(block);
        } else {
            central.put(block);
        }
    }

    /** The buffer of a block was closed, or never given out. */
    static void forget(Block block) {
        if (block.holder instanceof LeakTracker.Tracked tracked) {
            tracked.clear();
        }
        block.holder = null;
    }

    PoolLifecycle lifecycle() {
        return lifecycle;
    }

    /** How many blocks of a size a thread may keep. */
    int cachedBlocks(int order) {
        return (int) Math.min(MAX_CACHED_BLOCKS, threadCacheBytes / SizeClass.bytes(order));
    }

    LeakTracker leaks() {
        return leaks;
    }

    // ---- statistics and the end ------------------------------------------------------------------------------

    /** What the pool has and has done. */
    public DmaPoolStats stats() {
        leaks.report();
        return lifecycle.stats();
    }

    /** Whether it is closed, or about to be. */
    public boolean isClosed() {
        return lifecycle.isClosed();
    }

    /**
     * Closes the pool; see {@link #closeAsync()}, for whose end this does not wait.
     *
     * @throws IllegalStateException if buffers are in flight or requests wait; the pool stays open
     */
    @Override
    public void close() {
        lifecycle.close();
    }

    /**
     * Closes the pool: from now on it allocates nothing, and its buffers refuse everything. Buffers that are still
     * open are logged as leaks. Any thread, any number of times.
     *
     * <p>The memory is unmapped when all SPDK threads that have a part of it in their caches, or may just be starting
     * I/O with it, have agreed, in their next pass; at once if there are none but the caller. Then segments that
     * somebody still holds throw, too.
     *
     * @return completes when the memory is unmapped, with what was still open
     * @throws IllegalStateException if buffers are in flight, or requests wait for memory; the pool stays open
     */
    public CompletableFuture<DmaLeakReport> closeAsync() {
        lifecycle.close();
        return lifecycle.closed();
    }

    /** Names it and what it holds. */
    @Override
    public String toString() {
        DmaPoolStats s = lifecycle.stats();
        return "DmaPool " + name + " (" + s.usedBytes() + " of " + limitBytes + " bytes in use"
                + (isClosed() ? ", closed)" : ")");
    }

    /** Describes a pool. */
    public static final class Builder {
        String name = "dma";
        long limitBytes = 512L << 20;
        long slabBytes = 32L << 20;
        long reservedBytes;
        int alignment = 4096;
        PageKind pages = PageKind.HUGE;

        @Nullable
        SlabSource source;

        boolean prefault;
        long threadCacheBytes = 1 << 20;
        int maxWaiters = 65_536;
        LeakTracking leakTracking = LeakTracking.OFF;

        private Builder() {}

        /** Names the pool. */
        public Builder name(String value) {
            this.name = Objects.requireNonNull(value, "name");
            return this;
        }

        /** What it may map, at least 2 MiB; by default 512 MiB. Memory is mapped only when it is needed. */
        public Builder limitBytes(long value) {
            if (value > MAX_LIMIT_BYTES) {
                throw new IllegalArgumentException("limitBytes is " + value + ": must be at most " + MAX_LIMIT_BYTES);
            }
            this.limitBytes = atLeast("limitBytes", value, SizeClass.MAX_ALIGNMENT);
            return this;
        }

        /** How much it maps at a time, a multiple of 2 MiB; by default 32 MiB. */
        public Builder slabBytes(long value) {
            if (value <= 0 || value % SizeClass.MAX_ALIGNMENT != 0 || value > 1L << 30) {
                throw new IllegalArgumentException(
                        "slabBytes is " + value + ": must be a multiple of 2 MiB up to 1 GiB");
            }
            this.slabBytes = value;
            return this;
        }

        /** How much it maps in the beginning, so that no I/O has to wait for that; by default nothing. */
        public Builder reservedBytes(long value) {
            this.reservedBytes = atLeast("reservedBytes", value, 0);
            return this;
        }

        /** The alignment of buffers unless told otherwise, a power of two up to 2 MiB; by default 4096. */
        public Builder alignment(int value) {
            checkAlignment(value);
            this.alignment = value;
            return this;
        }

        /** The best pages to try for; by default {@link PageKind#HUGE}. {@link DmaPoolStats#pages} says what it got. */
        public Builder pages(PageKind value) {
            this.pages = Objects.requireNonNull(value, "pages");
            return this;
        }

        /** Where slabs come from instead of the operating system, whatever pages were wished for. */
        public Builder source(SlabSource value) {
            this.source = Objects.requireNonNull(value, "source");
            return this;
        }

        /** Whether all pages are made present when memory is mapped, instead of by the first I/O that touches them. */
        public Builder prefault(boolean value) {
            this.prefault = value;
            return this;
        }

        /** How many bytes of each size a thread may keep for itself, up to a 16th of the limit; by default 1 MiB. */
        public Builder threadCacheBytes(long value) {
            this.threadCacheBytes = atLeast("threadCacheBytes", value, 0);
            return this;
        }

        /** How many requests may wait for memory; by default 65,536. */
        public Builder maxWaiters(int value) {
            this.maxWaiters = (int) atLeast("maxWaiters", value, 0);
            return this;
        }

        /** Whether it remembers where buffers were allocated; by default not. */
        public Builder leakTracking(LeakTracking value) {
            this.leakTracking = Objects.requireNonNull(value, "leakTracking");
            return this;
        }

        /**
         * Makes the pool.
         *
         * @throws LimitExceededException if there is not enough memory for what is reserved
         */
        public DmaPool build() {
            return new DmaPool(this);
        }

        private static long atLeast(String what, long value, long minimum) {
            if (value < minimum) {
                throw new IllegalArgumentException(what + " is " + value + ": must be at least " + minimum);
            }
            return value;
        }
    }
}
