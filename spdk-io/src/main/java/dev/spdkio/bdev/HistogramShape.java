// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What the buckets of a {@link LatencyHistogram} are: the parameters of {@code bdev_enable_histogram}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param granularity {@code log2} of the buckets for each power of two, 0 to {@value #MAX_GRANULARITY}
 * @param minNanos times below the power of two that this is in are counted as that
 * @param maxNanos times of this and more are counted as the longest below; {@link Long#MAX_VALUE} for no limit
 */
public record HistogramShape(int granularity, long minNanos, long maxNanos) {
    /** Finer ones would take more than 8 MiB for each thread that uses the device. */
    public static final int MAX_GRANULARITY = 14;

    /** SPDK's: 128 buckets for each power of two, so that a time is known to better than 1 %, and all times. */
    public static final HistogramShape DEFAULT = new HistogramShape(7, 0, Long.MAX_VALUE);

    /** Checks the numbers. */
    public HistogramShape {
        if (granularity < 0 || granularity > MAX_GRANULARITY) {
            throw new IllegalArgumentException(
                    "granularity " + granularity + " of a histogram: must be 0 to " + MAX_GRANULARITY);
        }
        if (minNanos < 0 || minNanos >= maxNanos) {
            throw new IllegalArgumentException("a histogram of times from " + minNanos + " to " + maxNanos
                    + " ns: the least must not be negative, the most must be more");
        }
    }

    int minRange() {
        return rangeOf(minNanos, granularity);
    }

    int maxRange() {
        return maxNanos == Long.MAX_VALUE ? Long.SIZE - granularity : rangeOf(maxNanos - 1, granularity);
    }

    /** Range 0 has the numbers below {@code 2^granularity} one by one, each further one a power of two in parts. */
    static int rangeOf(long value, int granularity) {
        return Math.max(0, Long.SIZE - granularity - Long.numberOfLeadingZeros(value));
    }
}
