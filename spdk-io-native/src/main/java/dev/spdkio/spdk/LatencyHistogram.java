// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import java.time.Duration;

/**
 * How long the I/O of a device took, as SPDK has counted it: in buckets, 128 for each power of two. Stands for
 * {@code struct spdk_histogram_data}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class LatencyHistogram {
    private static final int SHIFT = 7;
    private static final double NANOS = 1e9;

    private final long[] counts;
    private final long ticksPerSecond;

    /** @param counts of SPDK's buckets, in ticks; the array is the histogram's from now on */
    LatencyHistogram(long[] counts, long ticksPerSecond) {
        this.counts = counts;
        this.ticksPerSecond = ticksPerSecond;
    }

    /** How many I/Os there were. */
    public long count() {
        long sum = 0;
        for (long c : counts) {
            sum += c;
        }
        return sum;
    }

    /**
     * The time that a share of the I/Os did not exceed; zero if there were none.
     *
     * @param share above 0, at most 1: 0.99 for the 99th percentile
     */
    public Duration percentile(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("a share of " + share + " I/Os: give more than 0 and at most 1");
        }
        long wanted = (long) Math.ceil(count() * share);
        long seen = 0;
        for (int i = 0; i < counts.length && wanted > 0; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return Duration.ofNanos((long) (endTicks(i) * NANOS / ticksPerSecond));
            }
        }
        return Duration.ZERO;
    }

    /** Where a bucket ends. */
    private static double endTicks(int bucket) {
        int range = bucket >> SHIFT;
        long index = (bucket & (1L << SHIFT) - 1) + 1;
        return range == 0 ? index : ((1L << SHIFT) + index) * Math.pow(2, range - 1.0);
    }

    @Override
    public String toString() {
        return count() + " I/Os, p50 " + percentile(0.5) + ", p99 " + percentile(0.99);
    }
}
