// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

/**
 * How much longer I/O takes, in microseconds: of 100 reads 99 by the one and 1 by the other, and so the writes.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param avgRead of most reads
 * @param p99Read of one read in 100
 * @param avgWrite of most writes
 * @param p99Write of one write in 100
 */
public record DelayLatencies(long avgRead, long p99Read, long avgWrite, long p99Write) {
    /** The longest that can be asked for: a day. */
    public static final long MAX_MICROS = 86_400_000_000L;

    /** Nothing takes longer. */
    public static final DelayLatencies NONE = new DelayLatencies(0, 0, 0, 0);

    /** Checks the numbers. */
    public DelayLatencies {
        check(avgRead);
        check(p99Read);
        check(avgWrite);
        check(p99Write);
    }

    private static void check(long micros) {
        if (micros < 0 || micros > MAX_MICROS) {
            throw new IllegalArgumentException(
                    "latency " + micros + " us; it must be between 0 and " + MAX_MICROS + " us");
        }
    }

    /** The same with another value for one type. */
    public DelayLatencies with(LatencyType type, long micros) {
        return switch (type) {
            case AVG_READ -> new DelayLatencies(micros, p99Read, avgWrite, p99Write);
            case P99_READ -> new DelayLatencies(avgRead, micros, avgWrite, p99Write);
            case AVG_WRITE -> new DelayLatencies(avgRead, p99Read, micros, p99Write);
            case P99_WRITE -> new DelayLatencies(avgRead, p99Read, avgWrite, micros);
        };
    }

    /** The value for a type. */
    public long micros(LatencyType type) {
        return switch (type) {
            case AVG_READ -> avgRead;
            case P99_READ -> p99Read;
            case AVG_WRITE -> avgWrite;
            case P99_WRITE -> p99Write;
        };
    }
}
