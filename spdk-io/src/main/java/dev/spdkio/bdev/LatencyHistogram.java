// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.Arrays;

/**
 * Counts times in nanoseconds in the buckets of {@code spdk_histogram_data}: by default 128 buckets for each power of
 * two, so that a time is known to better than 1 %.
 *
 * <p>Thread rule: belongs to one thread at a time; recording allocates nothing.
 */
public final class LatencyHistogram {
    private static final double NANOS = 1e9;

    private final HistogramShape shape;
    private final int granularity;
    private final int minRange;
    private final int maxRange;
    private final long[] counts;
    private long count;
    private long sum;
    private long min = Long.MAX_VALUE;
    private long max;

    /** An empty one of SPDK's shape. */
    public LatencyHistogram() {
        this(HistogramShape.DEFAULT);
    }

    /** An empty one. */
    public LatencyHistogram(HistogramShape shape) {
        this.shape = shape;
        this.granularity = shape.granularity();
        this.minRange = shape.minRange();
        this.maxRange = shape.maxRange();
        this.counts = new long[(maxRange - minRange + 1) << granularity];
    }

    /** What its buckets are. */
    public HistogramShape shape() {
        return shape;
    }

    /**
     * What SPDK has counted: the times are known as well as its buckets tell them.
     *
     * @param spdkCounts of the buckets of a {@code spdk_histogram_data} of its default granularity and all ranges
     * @param ticksPerSecond of SPDK's clock
     */
    public static LatencyHistogram ofTicks(long[] spdkCounts, long ticksPerSecond) {
        LatencyHistogram h = new LatencyHistogram();
        for (int i = 0; i < Math.min(spdkCounts.length, h.counts.length); i++) {
            if (spdkCounts[i] != 0) {
                long nanos = (long) ((h.highestOf(i) + 1.0) * NANOS / ticksPerSecond);
                h.counts[h.indexOf(nanos)] += spdkCounts[i];
                h.count += spdkCounts[i];
                h.sum += nanos * spdkCounts[i];
                h.min = Math.min(h.min, nanos);
                h.max = Math.max(h.max, nanos);
            }
        }
        return h;
    }

    /** Counts one time, which must not be negative. */
    public void record(long nanos) {
        counts[indexOf(nanos)]++;
        count++;
        sum += nanos;
        if (nanos < min) {
            min = nanos;
        }
        if (nanos > max) {
            max = nanos;
        }
    }

    int indexOf(long value) {
        int range = HistogramShape.rangeOf(value, granularity);
        if (range < minRange) {
            return 0;
        }
        if (range > maxRange) {
            return counts.length - 1;
        }
        int shift = range == 0 ? 0 : range - 1;
        return ((range - minRange) << granularity) + (int) ((value >>> shift) & ((1L << granularity) - 1));
    }

    /** The largest value that falls into a bucket, but for what is out of range. */
    long highestOf(int index) {
        int range = (index >>> granularity) + minRange;
        long buckets = 1L << granularity;
        long bucket = index & (buckets - 1);
        return range == 0 ? bucket : ((buckets + bucket + 1) << (range - 1)) - 1;
    }

    /** Forgets everything. */
    public void clear() {
        Arrays.fill(counts, 0);
        count = 0;
        sum = 0;
        min = Long.MAX_VALUE;
        max = 0;
    }

    /** Adds what another one of the same shape has counted. */
    public void add(LatencyHistogram other) {
        if (!shape.equals(other.shape)) {
            throw new IllegalArgumentException("a histogram of " + other.shape + " cannot be added to one of " + shape);
        }
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        sum += other.sum;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
    }

    /** How many times were counted. */
    public long count() {
        return count;
    }

    /** The smallest time, exactly; 0 if there is none. */
    public long min() {
        return count == 0 ? 0 : min;
    }

    /** The largest time, exactly. */
    public long max() {
        return max;
    }

    /** The mean, exactly; 0 if there is none. */
    public double mean() {
        return count == 0 ? 0 : (double) sum / count;
    }

    /** The time that {@code percent} of all times do not exceed, rounded up to the end of its bucket. */
    public long percentile(double percent) {
        long wanted = Math.max(1, (long) Math.ceil(count * percent / 100));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return Math.min(highestOf(i), max);
            }
        }
        return max;
    }

    /** The counts of all buckets, in order: {@code spdk_histogram_data.bucket}. */
    public long[] buckets() {
        return counts.clone();
    }

    /**
     * How many times are not above each border, as exactly as the buckets tell, and then how many there are: {@code
     * spdk_histogram_get_borders_count}.
     *
     * @param borders nanoseconds, ascending
     */
    public long[] countsUpTo(long... borders) {
        long[] result = new long[borders.length + 1];
        int at = 0;
        long first = 0;
        long before = 0;
        for (int i = 0; i < counts.length; i++) {
            while (at < borders.length && first > borders[at]) {
                result[at++] = before;
            }
            before += counts[i];
            first = highestOf(i) + 1;
        }
        Arrays.fill(result, at, result.length, before);
        return result;
    }

    /** How many times are below each power of two of nanoseconds and not below the one before; zeroes come first. */
    public long[] byPowerOfTwo() {
        long[] result = new long[Long.SIZE];
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] != 0) {
                result[Long.SIZE - Long.numberOfLeadingZeros(highestOf(i))] += counts[i];
            }
        }
        return result;
    }

    @Override
    public String toString() {
        return count + " times, p50 " + percentile(50) + " ns, p99 " + percentile(99) + " ns, most " + max() + " ns";
    }
}
