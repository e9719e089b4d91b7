// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.sys.NativeMemory;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One mapping, and the blocks that it is cut into. It lives until its pool is closed, or, if it is one large buffer,
 * until that is; its arena makes every later access an exception instead of a crash.
 *
 * <p>Guarded by the lock of the {@link CentralStore}.
 */
final class Slab {
    final MemorySegment memory;
    final PageKind kind;
    private final Arena arena;

    /** By order and index; a block is made when it is first cut off and then kept with its segment. */
    private final @Nullable Block[] @Nullable [] blocks = new @Nullable Block[SizeClass.COUNT] @Nullable [];

    private Slab(Arena arena, NativeMemory.Mapping mapping) {
        this.arena = arena;
        this.memory = mapping.segment();
        this.kind = mapping.kind();
    }

    /**
     * Maps zeroed memory that is aligned to 2 MiB.
     *
     * @param source where from, or null for the operating system
     * @throws java.io.UncheckedIOException if there is no more
     */
    static Slab map(long bytes, PageKind wanted, @Nullable SlabSource source, boolean prefault) {
        Arena arena = Arena.ofShared();
        try {
            NativeMemory.Mapping mapping =
                    source == null ? NativeMemory.map(bytes, wanted, arena) : source.map(bytes, arena);
            if (source == null && !isAligned(mapping.segment())) {
                // Only normal pages come unaligned. What is mapped too much is address space that nobody touches.
                arena.close();
                arena = Arena.ofShared();
                mapping = aligned(NativeMemory.map(bytes + SizeClass.MAX_ALIGNMENT, PageKind.NORMAL, arena), bytes);
            }
            if (mapping.segment().byteSize() != bytes || !isAligned(mapping.segment())) {
                throw new IllegalStateException("a slab source was asked for " + bytes
                        + " bytes at a multiple of 2 MiB and returned " + mapping.segment());
            }
            if (prefault) {
                NativeMemory.prefault(mapping.segment());
            }
            return new Slab(arena, mapping);
        } catch (RuntimeException | OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    private static boolean isAligned(MemorySegment segment) {
        return segment.address() % SizeClass.MAX_ALIGNMENT == 0;
    }

    private static NativeMemory.Mapping aligned(NativeMemory.Mapping mapping, long bytes) {
        MemorySegment all = mapping.segment();
        long skip = -all.address() & (SizeClass.MAX_ALIGNMENT - 1);
        return new NativeMemory.Mapping(all.asSlice(skip, bytes), mapping.kind());
    }

    long bytes() {
        return memory.byteSize();
    }

    /** The block of that order and index, or null if no such block was ever cut or it does not lie inside. */
    @Nullable
    Block peek(int order, int index) {
        @Nullable Block[] row = blocks[order];
        return row != null && index < row.length ? row[index] : null;
    }

    /** The block of that order and index, made now if it is new. */
    Block block(DmaPool pool, int order, int index) {
        @Nullable Block[] row = blocks[order];
        if (row == null) {
            row = new @Nullable Block[(int) (bytes() / SizeClass.bytes(order))];
            blocks[order] = row;
        }
        Block block = row[index];
        if (block == null) {
            long size = SizeClass.bytes(order);
            block = new Block(pool, this, order, index, memory.asSlice(index * size, size));
            row[index] = block;
        }
        return block;
    }

    void forEachBlock(Consumer<Block> action) {
        for (@Nullable Block[] row : blocks) {
            if (row == null) {
                continue;
            }
            for (Block block : row) {
                if (block != null) {
                    action.accept(block);
                }
            }
        }
    }

    /** Gives the memory back to the system. */
    void unmap() {
        arena.close();
    }
}
