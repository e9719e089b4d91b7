// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link UringBdev} is made: the parameters of {@code bdev_uring_create}, and three more.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param filename the file or block device
 * @param blockSize bytes of a block: a power of two from 512; 0 for what the file or device has
 * @param uuid its identity; a random one if null
 * @param readonly not in SPDK: whether to open it for reading only
 * @param direct not in SPDK: whether to go past the page cache; null to do so where the file system can, as SPDK does
 * @param atomicWrites not in SPDK: whether a write of a power of two of bytes from one piece of memory, at a multiple
 *     of that, is done as a whole or not at all, up to {@link dev.spdkio.bdev.Bdev#atomicWriteBlocks}. Takes a file
 *     system and a disk, or a file system alone at some cost, that can do so
 */
public record UringBdevOptions(
        String name,
        String filename,
        int blockSize,
        @Nullable UUID uuid,
        boolean readonly,
        @Nullable Boolean direct,
        boolean atomicWrites) {

    /** Checks what can be checked without the file. */
    public UringBdevOptions {
        if (name.isBlank() || filename.isBlank()) {
            throw new IllegalArgumentException(
                    "a uring bdev needs a name and a filename, not \"" + name + "\" and \"" + filename + "\"");
        }
        if (blockSize < 0) {
            throw new IllegalArgumentException("uring bdev " + name + ": block size " + blockSize + " is negative");
        }
    }

    /** A device for reading and writing, as the file is. */
    public UringBdevOptions(String name, String filename) {
        this(name, filename, 0, null, false, null, false);
    }

    /** The same with another {@link #blockSize}. */
    public UringBdevOptions withBlockSize(int value) {
        return new UringBdevOptions(name, filename, value, uuid, readonly, direct, atomicWrites);
    }

    /** The same with another {@link #uuid}. */
    public UringBdevOptions withUuid(@Nullable UUID value) {
        return new UringBdevOptions(name, filename, blockSize, value, readonly, direct, atomicWrites);
    }

    /** The same with another {@link #readonly}. */
    public UringBdevOptions withReadonly(boolean value) {
        return new UringBdevOptions(name, filename, blockSize, uuid, value, direct, atomicWrites);
    }

    /** The same with another {@link #direct}. */
    public UringBdevOptions withDirect(@Nullable Boolean value) {
        return new UringBdevOptions(name, filename, blockSize, uuid, readonly, value, atomicWrites);
    }

    /** The same with another {@link #atomicWrites}. */
    public UringBdevOptions withAtomicWrites(boolean value) {
        return new UringBdevOptions(name, filename, blockSize, uuid, readonly, direct, value);
    }

    /** Whether direct I/O was asked for, so that going without it is an error. */
    boolean requiresDirect() {
        return direct != null && direct;
    }

    /** Whether direct I/O is not wanted. */
    boolean refusesDirect() {
        return direct != null && !direct;
    }
}
