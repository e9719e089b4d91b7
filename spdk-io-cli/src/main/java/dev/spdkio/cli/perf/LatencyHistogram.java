// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import java.util.Arrays;

/**
 * Counts times in nanoseconds in the buckets of {@code spdk_histogram_data}: 128 buckets for each power of two, so
 * that a time is known to better than 1 %.
 *
 * <p>Thread rule: recorded into by one thread without allocation; read by others when that is over.
 */
public final class LatencyHistogram {
    private static final int SHIFT = 7;
    private static final int BUCKETS = 1 << SHIFT;
    private static final int RANGES = Long.SIZE - SHIFT + 1;

    private final long[] counts = new long[RANGES * BUCKETS];
    private long count;
    private long sum;
    private long min = Long.MAX_VALUE;
    private long max;

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

    /** Range 0 holds the numbers below 128 one by one; each further range is a power of two in 128 equal parts. */
    static int indexOf(long value) {
        int range = Math.max(0, Long.SIZE - SHIFT - Long.numberOfLeadingZeros(value));
        int shift = range == 0 ? 0 : range - 1;
        return (range << SHIFT) + (int) ((value >>> shift) & (BUCKETS - 1));
    }

    /** The largest value that falls into a bucket. */
    static long highestOf(int index) {
        int range = index >>> SHIFT;
        long bucket = index & (BUCKETS - 1);
        if (range == 0) {
            return bucket;
        }
        return ((BUCKETS + bucket + 1) << (range - 1)) - 1;
    }

    void clear() {
        Arrays.fill(counts, 0);
        count = 0;
        sum = 0;
        min = Long.MAX_VALUE;
        max = 0;
    }

    void add(LatencyHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        sum += other.sum;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
    }

    public long count() {
        return count;
    }

    /** The smallest time, exactly; 0 if there is none. */
    long min() {
        return count == 0 ? 0 : min;
    }

    /** The largest time, exactly. */
    long max() {
        return max;
    }

    double mean() {
        return count == 0 ? 0 : (double) sum / count;
    }

    /** The time that {@code percent} of all times do not exceed, rounded up to the end of its bucket. */
    long percentile(double percent) {
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

    /** How many times are below each power of two of nanoseconds and not below the one before; zeroes come first. */
    long[] byPowerOfTwo() {
        long[] result = new long[Long.SIZE];
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] != 0) {
                result[Long.SIZE - Long.numberOfLeadingZeros(highestOf(i))] += counts[i];
            }
        }
        return result;
    }
}
