// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.malloc;

import dev.spdkio.sys.PageKind;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link MallocBdev} is made: the parameters of {@code bdev_malloc_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param blockSize bytes of a block, a multiple of 512
 * @param blockCount blocks, at least 1
 * @param uuid its identity; a random one if null
 * @param optimalIoBoundary blocks between boundaries at which I/O is split; 0 for none
 * @param alignment what addresses of buffers must be multiples of, in bytes; 1 for none. More makes it behave like
 *     hardware
 * @param pages the best kind of pages to try for
 * @param prefault whether all memory is provided at creation, as in SPDK; else at the first touch of each page
 */
public record MallocBdevOptions(
        String name,
        int blockSize,
        long blockCount,
        @Nullable UUID uuid,
        int optimalIoBoundary,
        int alignment,
        PageKind pages,
        boolean prefault) {

    /** Checks the numbers. */
    public MallocBdevOptions {
        if (blockSize <= 0 || blockSize % 512 != 0) {
            throw new IllegalArgumentException(
                    "malloc bdev " + name + ": block size " + blockSize + " must be a positive multiple of 512");
        }
        if (blockCount <= 0) {
            throw new IllegalArgumentException(
                    "malloc bdev " + name + ": " + blockCount + " blocks; it needs at least 1");
        }
    }

    /** A device with a random identity on hugepages where there are any, as large pages as there are otherwise. */
    public MallocBdevOptions(String name, int blockSize, long blockCount) {
        this(name, blockSize, blockCount, null, 0, 1, PageKind.HUGE, true);
    }

    /** The same with another {@link #uuid}. */
    public MallocBdevOptions withUuid(@Nullable UUID value) {
        return new MallocBdevOptions(name, blockSize, blockCount, value, optimalIoBoundary, alignment, pages, prefault);
    }

    /** The same with another {@link #optimalIoBoundary}. */
    public MallocBdevOptions withOptimalIoBoundary(int value) {
        return new MallocBdevOptions(name, blockSize, blockCount, uuid, value, alignment, pages, prefault);
    }

    /** The same with another {@link #alignment}. */
    public MallocBdevOptions withAlignment(int value) {
        return new MallocBdevOptions(name, blockSize, blockCount, uuid, optimalIoBoundary, value, pages, prefault);
    }

    /** The same with another {@link #pages}. */
    public MallocBdevOptions withPages(PageKind value) {
        return new MallocBdevOptions(name, blockSize, blockCount, uuid, optimalIoBoundary, alignment, value, prefault);
    }

    /** The same with another {@link #prefault}. */
    public MallocBdevOptions withPrefault(boolean value) {
        return new MallocBdevOptions(name, blockSize, blockCount, uuid, optimalIoBoundary, alignment, pages, value);
    }
}
