// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.nullbdev;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link NullBdev} is made: the parameters of {@code bdev_null_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param blockSize bytes of a block, a multiple of 512
 * @param blockCount blocks, at least 1
 * @param uuid its identity; a random one if null
 */
public record NullBdevOptions(
        String name,
        int blockSize,
        long blockCount,
        @Nullable UUID uuid) {
    /** Checks the numbers. */
    public NullBdevOptions {
        if (blockSize <= 0 || blockSize % 512 != 0) {
            throw new IllegalArgumentException(
                    "null bdev " + name + ": block size " + blockSize + " must be a positive multiple of 512");
        }
        if (blockCount <= 0) {
            throw new IllegalArgumentException(
                    "null bdev " + name + ": " + blockCount + " blocks; it needs at least 1");
        }
    }

    /** A device with a random identity. */
    public NullBdevOptions(String name, int blockSize, long blockCount) {
        this(name, blockSize, blockCount, null);
    }
}
