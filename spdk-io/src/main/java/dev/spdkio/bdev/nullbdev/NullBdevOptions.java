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
 * @param blockSize bytes of data of a block, a multiple of 512
 * @param blockCount blocks, at least 1
 * @param uuid its identity; a random one if null
 * @param metadataBytes of metadata that follow the data of each block: 0, 8, 16, 32, 64 or 128
 */
public record NullBdevOptions(
        String name,
        int blockSize,
        long blockCount,
        @Nullable UUID uuid,
        int metadataBytes) {
    private static final int LEAST_METADATA = 8;
    private static final int MOST_METADATA = 128;

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
        boolean some = metadataBytes >= LEAST_METADATA && metadataBytes <= MOST_METADATA;
        if (metadataBytes != 0 && !(some && Integer.bitCount(metadataBytes) == 1)) {
            throw new IllegalArgumentException("null bdev " + name + ": " + metadataBytes
                    + " bytes of metadata; a block can have 0, 8, 16, 32, 64 or 128");
        }
    }

    /** A device with a random identity. */
    public NullBdevOptions(String name, int blockSize, long blockCount) {
        this(name, blockSize, blockCount, null, 0);
    }

    /** The same with another {@link #metadataBytes}. */
    public NullBdevOptions withMetadataBytes(int value) {
        return new NullBdevOptions(name, blockSize, blockCount, uuid, value);
    }
}
