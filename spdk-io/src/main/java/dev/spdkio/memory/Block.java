// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a slab, or a whole mapping, that is handed out as a unit again and again; so what is costly to make, its
 * segment and its views, is made once and stays with it.
 *
 * <p>At any time it belongs to one of: a free list of the {@link CentralStore} (which then guards everything here), a
 * {@link ThreadCache}, or one {@link DmaBuf} with its slices. It changes hands through a lock or a message queue, or
 * within one thread, so that plain fields are enough.
 */
final class Block {
    final DmaPool pool;

    /** Null if it is not the pool's memory; that is never given to those who ask for the slab. */
    @SuppressWarnings("NullAway.Init")
    final Slab slab;

    /** {@link SizeClass#LARGE} if the block is a slab of its own, {@link SizeClass#FOREIGN} if it has none. */
    final int order;

    final int index;
    final MemorySegment memory;

    // Links of the free list, and whether the block is in it.
    @Nullable
    Block previous;

    @Nullable
    Block next;

    boolean free;

    /** Whether it is neither in a free list nor cut into smaller blocks nor part of a larger one. */
    boolean out;

    /**
     * Who has it: a {@link DmaBuf}, or its {@link LeakTracker.Tracked} if the allocation is tracked, so that the pool
     * does not keep a forgotten buffer reachable.
     */
    @Nullable
    Object holder;

    private MemorySegment view;
    private @Nullable ByteBuffer byteView;

    Block(DmaPool pool, Slab slab, int order, int index, MemorySegment memory) {
        this.pool = pool;
        this.slab = slab;
        this.order = order;
        this.index = index;
        this.memory = memory;
        this.view = memory;
    }

    /** Memory that somebody else owns. */
    @SuppressWarnings("NullAway")
    Block(DmaPool pool, MemorySegment memory) {
        this(pool, null, SizeClass.FOREIGN, 0, memory);
    }

    /** What it takes of the pool. */
    long bytes() {
        return isForeign() ? 0 : memory.byteSize();
    }

    boolean isForeign() {
        return order == SizeClass.FOREIGN;
    }

    boolean isLarge() {
        return order == SizeClass.LARGE;
    }

    /** The first so many bytes; the same object as last time if the size is. Only for who takes the block. */
    MemorySegment view(long bytes) {
        MemorySegment v = view;
        if (v.byteSize() != bytes) {
            v = memory.asSlice(0, bytes);
            view = v;
            byteView = null;
        }
        return v;
    }

    /** The last {@link #view} as a buffer. Only for who has the block. */
    ByteBuffer byteView() {
        ByteBuffer b = byteView;
        if (b == null) {
            b = view.asByteBuffer().order(ByteOrder.nativeOrder());
            byteView = b;
        }
        return b;
    }

    /** The buffer that has the block, or null if it is free, or was forgotten and collected. */
    @Nullable
    DmaBuf buffer() {
        return switch (holder) {
            case DmaBuf buf -> buf;
            case LeakTracker.Tracked tracked -> tracked.get();
            case null, default -> null;
        };
    }

    /** Where its buffer was allocated, if that is tracked. */
    @Nullable
    AllocationSite site() {
        return holder instanceof LeakTracker.Tracked tracked ? tracked.site : null;
    }
}
