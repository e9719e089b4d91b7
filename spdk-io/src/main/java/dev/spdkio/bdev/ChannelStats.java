// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * The counters of one {@link DeviceChannel}.
 *
 * <p>Thread rule: owned by the channel's thread.
 */
@SuppressWarnings("EnumOrdinal") // arrays by type are what the hot path can afford
final class ChannelStats {
    /** The counters of one type of I/O. */
    static final class Counters {
        long ops;
        long bytes;
        long latencyNanos;
        long maxLatencyNanos;
        long minLatencyNanos = Long.MAX_VALUE;

        void count(long moved, long ticks) {
            ops++;
            bytes += moved;
            latencyNanos += ticks;
            if (ticks > maxLatencyNanos) {
                maxLatencyNanos = ticks;
            }
            if (ticks < minLatencyNanos) {
                minLatencyNanos = ticks;
            }
        }

        void add(Counters o) {
            ops += o.ops;
            bytes += o.bytes;
            latencyNanos += o.latencyNanos;
            addExtremes(o);
        }

        private void addExtremes(Counters o) {
            maxLatencyNanos = Math.max(maxLatencyNanos, o.maxLatencyNanos);
            minLatencyNanos = Math.min(minLatencyNanos, o.minLatencyNanos);
        }
    }

    private static final int TYPES = IoType.values().length;
    private static final int KINDS = IoStatus.Kind.values().length;

    final Counters[] byType = new Counters[TYPES];
    final long[] errors = new long[KINDS];

    /** Where times are counted, if they are; and of which type alone. */
    @Nullable
    LatencyHistogram histogram;

    @Nullable
    IoType histogramOf;

    ChannelStats() {
        for (int i = 0; i < TYPES; i++) {
            byType[i] = new Counters();
        }
    }

    Counters counters(IoType type) {
        return byType[type.ordinal()];
    }

    void count(BdevIo io, IoStatus status, long now) {
        long nanos = now - io.submitNanos;
        if (status == IoStatus.SUCCESS) {
            counters(io.type).count(io.blockCount * io.channel.bdev.blockSize, nanos);
        } else {
            errors[status.kind().ordinal()]++;
        }
        LatencyHistogram h = histogram;
        if (h != null && (histogramOf == null || histogramOf == io.type)) {
            h.record(nanos);
        }
    }

    void add(ChannelStats o) {
        for (int i = 0; i < TYPES; i++) {
            byType[i].add(o.byType[i]);
        }
        for (int i = 0; i < KINDS; i++) {
            errors[i] += o.errors[i];
        }
    }

    void reset(BdevStats.Reset mode) {
        if (mode == BdevStats.Reset.ALL || mode == BdevStats.Reset.ERROR) {
            java.util.Arrays.fill(errors, 0);
        }
        if (mode == BdevStats.Reset.ALL || mode == BdevStats.Reset.MAXMIN) {
            for (Counters c : byType) {
                c.maxLatencyNanos = 0;
                c.minLatencyNanos = Long.MAX_VALUE;
            }
        }
        if (mode == BdevStats.Reset.ALL) {
            for (Counters c : byType) {
                c.ops = 0;
                c.bytes = 0;
                c.latencyNanos = 0;
            }
        }
    }
}
