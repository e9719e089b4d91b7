// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link AioBdev} is made: the parameters of {@code bdev_aio_create}, and three more.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param filename the file or block device
 * @param blockSize bytes of a block: a power of two from 512; 0 for what the file or device has
 * @param readonly whether to open it for reading only
 * @param fallocate whether to unmap and to write zeroes by {@code fallocate}, on Linux
 * @param uuid its identity; a random one if null
 * @param direct not in SPDK: whether to go past the page cache; null to do so where file, block size and platform allow
 *     it
 * @param threads not in SPDK: OS threads that read and write for this device, so many I/Os are at the disk at once
 * @param queueDepth not in SPDK: I/Os that one SpdkThread may have at this device; more wait in the hub
 */
public record AioBdevOptions(
        String name,
        String filename,
        int blockSize,
        boolean readonly,
        boolean fallocate,
        @Nullable UUID uuid,
        @Nullable Boolean direct,
        int threads,
        int queueDepth) {
    /** What is at the disk at once unless told otherwise. */
    public static final int DEFAULT_THREADS = 8;

    /** SPDK's queue depth. */
    public static final int DEFAULT_QUEUE_DEPTH = 128;

    /** Checks what can be checked without the file. */
    public AioBdevOptions {
        if (name.isBlank() || filename.isBlank()) {
            throw new IllegalArgumentException(
                    "an aio bdev needs a name and a filename, not \"" + name + "\" and \"" + filename + "\"");
        }
        if (blockSize < 0) {
            throw new IllegalArgumentException("aio bdev " + name + ": block size " + blockSize + " is negative");
        }
        if (threads < 1 || queueDepth < 1) {
            throw new IllegalArgumentException("aio bdev " + name + ": threads (" + threads + ") and queueDepth ("
                    + queueDepth + ") must be at least 1");
        }
    }

    /** A device for reading and writing, as the file is. */
    public AioBdevOptions(String name, String filename) {
        this(name, filename, 0, false, false, null, null, DEFAULT_THREADS, DEFAULT_QUEUE_DEPTH);
    }

    /** The same with another {@link #blockSize}. */
    public AioBdevOptions withBlockSize(int value) {
        return new AioBdevOptions(name, filename, value, readonly, fallocate, uuid, direct, threads, queueDepth);
    }

    /** The same with another {@link #readonly}. */
    public AioBdevOptions withReadonly(boolean value) {
        return new AioBdevOptions(name, filename, blockSize, value, fallocate, uuid, direct, threads, queueDepth);
    }

    /** The same with another {@link #fallocate}. */
    public AioBdevOptions withFallocate(boolean value) {
        return new AioBdevOptions(name, filename, blockSize, readonly, value, uuid, direct, threads, queueDepth);
    }

    /** The same with another {@link #uuid}. */
    public AioBdevOptions withUuid(@Nullable UUID value) {
        return new AioBdevOptions(name, filename, blockSize, readonly, fallocate, value, direct, threads, queueDepth);
    }

    /** The same with another {@link #direct}. */
    public AioBdevOptions withDirect(@Nullable Boolean value) {
        return new AioBdevOptions(name, filename, blockSize, readonly, fallocate, uuid, value, threads, queueDepth);
    }

    /** The same with other {@link #threads}. */
    public AioBdevOptions withThreads(int value) {
        return new AioBdevOptions(name, filename, blockSize, readonly, fallocate, uuid, direct, value, queueDepth);
    }

    /** The same with another {@link #queueDepth}. */
    public AioBdevOptions withQueueDepth(int value) {
        return new AioBdevOptions(name, filename, blockSize, readonly, fallocate, uuid, direct, threads, value);
    }

    /** Whether direct I/O was asked for, so that going without it is an error. */
    boolean requiresDirect() {
        return direct != null && direct;
    }
}
