// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The bounds of a {@link BdevManager}. Stands for {@code struct spdk_bdev_opts}; {@link #toJson} uses SPDK's names.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param bdevIoPoolSize I/Os that one SpdkThread may have at devices; more wait in the hub
 * @param bdevIoCacheSize I/O objects made at once when a thread needs more
 * @param bdevAutoExamine whether new devices are offered to the modules that look for partitions and volumes
 * @param ioWaitLimit requests of one SpdkThread that may wait in the hub, or be under way in parts; beyond it submit
 *     throws
 * @param bounceBufferBytes the largest bounce buffer; larger misaligned requests go in parts
 * @param zeroBufferBytes the size of the shared buffer from which write zeroes is emulated
 */
public record BdevOptions(
        int bdevIoPoolSize,
        int bdevIoCacheSize,
        boolean bdevAutoExamine,
        int ioWaitLimit,
        int bounceBufferBytes,
        int zeroBufferBytes) {

    /** SPDK's values, and a bounce buffer of SPDK's large size. */
    public static final BdevOptions DEFAULT = new BdevOptions(65_535, 256, true, 1 << 20, 128 << 10, 1 << 20);

    /** Checks the bounds. */
    public BdevOptions {
        atLeast("bdevIoPoolSize", bdevIoPoolSize, 1);
        atLeast("bdevIoCacheSize", bdevIoCacheSize, 1);
        atLeast("ioWaitLimit", ioWaitLimit, 1);
        atLeast("bounceBufferBytes", bounceBufferBytes, 4096);
        atLeast("zeroBufferBytes", zeroBufferBytes, 4096);
    }

    private static void atLeast(String name, int value, int minimum) {
        if (value < minimum) {
            throw new IllegalArgumentException(name + " is " + value + ": must be at least " + minimum);
        }
    }

    /** The same with another {@link #bdevIoPoolSize}. */
    public BdevOptions withBdevIoPoolSize(int value) {
        return new BdevOptions(
                value, bdevIoCacheSize, bdevAutoExamine, ioWaitLimit, bounceBufferBytes, zeroBufferBytes);
    }

    /** The same with another {@link #bdevIoCacheSize}. */
    public BdevOptions withBdevIoCacheSize(int value) {
        return new BdevOptions(bdevIoPoolSize, value, bdevAutoExamine, ioWaitLimit, bounceBufferBytes, zeroBufferBytes);
    }

    /** The same with another {@link #bdevAutoExamine}. */
    public BdevOptions withBdevAutoExamine(boolean value) {
        return new BdevOptions(bdevIoPoolSize, bdevIoCacheSize, value, ioWaitLimit, bounceBufferBytes, zeroBufferBytes);
    }

    /** The same with another {@link #ioWaitLimit}. */
    public BdevOptions withIoWaitLimit(int value) {
        return new BdevOptions(
                bdevIoPoolSize, bdevIoCacheSize, bdevAutoExamine, value, bounceBufferBytes, zeroBufferBytes);
    }

    /** The same with another {@link #bounceBufferBytes}. */
    public BdevOptions withBounceBufferBytes(int value) {
        return new BdevOptions(bdevIoPoolSize, bdevIoCacheSize, bdevAutoExamine, ioWaitLimit, value, zeroBufferBytes);
    }

    /** The same with another {@link #zeroBufferBytes}. */
    public BdevOptions withZeroBufferBytes(int value) {
        return new BdevOptions(bdevIoPoolSize, bdevIoCacheSize, bdevAutoExamine, ioWaitLimit, bounceBufferBytes, value);
    }

    /** The options that SPDK has too, by SPDK's names ({@code bdev_set_options}). */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bdev_io_pool_size", bdevIoPoolSize);
        json.put("bdev_io_cache_size", bdevIoCacheSize);
        json.put("bdev_auto_examine", bdevAutoExamine);
        return json;
    }
}
