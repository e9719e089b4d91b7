// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * The bounds of a {@link BlockDevice}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param maxOutstanding parts of requests in flight at once; callers beyond it wait
 * @param copyBufferBytes the largest part of a request whose memory has to be copied, a multiple of 4096
 * @param lanes SpdkThreads over which requests are spread; 0 for one a reactor
 */
public record BlockDeviceOptions(int maxOutstanding, int copyBufferBytes, int lanes) {
    /** 128 parts of up to 256 KiB in flight, on all reactors. */
    public static final BlockDeviceOptions DEFAULT = new BlockDeviceOptions(128, 256 << 10, 0);

    /** Checks the bounds. */
    public BlockDeviceOptions {
        if (maxOutstanding < 1) {
            throw new IllegalArgumentException("maxOutstanding is " + maxOutstanding + ": must be at least 1");
        }
        if (copyBufferBytes < 4096 || copyBufferBytes % 4096 != 0) {
            throw new IllegalArgumentException(
                    "copyBufferBytes is " + copyBufferBytes + ": must be a positive multiple of 4096");
        }
        if (lanes < 0) {
            throw new IllegalArgumentException("lanes is " + lanes + ": must not be negative");
        }
    }

    /** The same with another {@link #maxOutstanding}. */
    public BlockDeviceOptions withMaxOutstanding(int value) {
        return new BlockDeviceOptions(value, copyBufferBytes, lanes);
    }

    /** The same with another {@link #copyBufferBytes}. */
    public BlockDeviceOptions withCopyBufferBytes(int value) {
        return new BlockDeviceOptions(maxOutstanding, value, lanes);
    }

    /** The same with another {@link #lanes}. */
    public BlockDeviceOptions withLanes(int value) {
        return new BlockDeviceOptions(maxOutstanding, copyBufferBytes, value);
    }
}
