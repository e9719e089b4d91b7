// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.LatencyHistogram;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What a job counts in one phase.
 *
 * <p>Thread rule: written by one thread; {@link #liveIos} may be read by any, the rest after the phase.
 */
final class Counters {
    private static final VarHandle IOS;

    static {
        try {
            IOS = MethodHandles.lookup().findVarHandle(Counters.class, "ios", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final LatencyHistogram latency = new LatencyHistogram();
    private long ios;

    /** Counts an I/O that has ended. */
    void count(long latencyNanos) {
        ios++;
        latency.record(latencyNanos);
    }

    void clear() {
        ios = 0;
        latency.clear();
    }

    void add(Counters other) {
        ios += other.ios;
        latency.add(other.latency);
    }

    long ios() {
        return ios;
    }

    /** As {@link #ios()} while another thread counts; maybe a little late. */
    long liveIos() {
        return (long) IOS.getOpaque(this);
    }
}
