// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a device, or one channel of it, has done. Stands for {@code struct spdk_bdev_io_stat}; times are in nanoseconds.
 *
 * <p>Counted is what the device was given: a request that went in parts counts as its parts, as in SPDK.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param read reads
 * @param write writes, those that emulate write zeroes included
 * @param unmap unmaps
 * @param copy copies that the device did itself; one that was emulated counts as its reads and writes
 * @param errors how many ended without success, by kind
 */
@SuppressWarnings("EnumOrdinal") // the counters are arrays by type
public record BdevStats(PerType read, PerType write, PerType unmap, PerType copy, Map<IoStatus.Kind, Long> errors) {
    /** What to set back to zero while reading statistics. Stands for {@code enum spdk_bdev_reset_stat_mode}. */
    public enum Reset {
        /** Everything. */
        ALL,
        /** The longest and shortest latencies. */
        MAXMIN,
        /** The errors. */
        ERROR,
        /** Nothing. */
        NONE
    }

    /**
     * The counters of one type of I/O.
     *
     * @param ops how many succeeded
     * @param bytes what they moved
     * @param latencyNanos the sum of their times from submit to end
     * @param minLatencyNanos the shortest; 0 if there was none
     * @param maxLatencyNanos the longest
     */
    public record PerType(long ops, long bytes, long latencyNanos, long minLatencyNanos, long maxLatencyNanos) {
        static PerType of(ChannelStats.Counters c) {
            return new PerType(
                    c.ops,
                    c.bytes,
                    c.latencyNanos,
                    c.minLatencyNanos == Long.MAX_VALUE ? 0 : c.minLatencyNanos,
                    c.maxLatencyNanos);
        }
    }

    /** Copies the map. */
    public BdevStats {
        errors = Map.copyOf(errors);
    }

    static BdevStats of(ChannelStats s) {
        Map<IoStatus.Kind, Long> errors = new EnumMap<>(IoStatus.Kind.class);
        for (IoStatus.Kind kind : IoStatus.Kind.values()) {
            long count = s.errors[kind.ordinal()];
            if (count > 0) {
                errors.put(kind, count);
            }
        }
        return new BdevStats(
                PerType.of(s.byType[IoType.READ.ordinal()]),
                PerType.of(s.byType[IoType.WRITE.ordinal()]),
                PerType.of(s.byType[IoType.UNMAP.ordinal()]),
                PerType.of(s.byType[IoType.COPY.ordinal()]),
                errors);
    }

    /** By SPDK's names ({@code bdev_get_iostat}); a tick is a nanosecond. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bytes_read", read.bytes);
        json.put("num_read_ops", read.ops);
        json.put("bytes_written", write.bytes);
        json.put("num_write_ops", write.ops);
        json.put("bytes_unmapped", unmap.bytes);
        json.put("num_unmap_ops", unmap.ops);
        json.put("bytes_copied", copy.bytes);
        json.put("num_copy_ops", copy.ops);
        json.put("read_latency_ticks", read.latencyNanos);
        json.put("max_read_latency_ticks", read.maxLatencyNanos);
        json.put("min_read_latency_ticks", read.minLatencyNanos);
        json.put("write_latency_ticks", write.latencyNanos);
        json.put("max_write_latency_ticks", write.maxLatencyNanos);
        json.put("min_write_latency_ticks", write.minLatencyNanos);
        json.put("unmap_latency_ticks", unmap.latencyNanos);
        json.put("max_unmap_latency_ticks", unmap.maxLatencyNanos);
        json.put("min_unmap_latency_ticks", unmap.minLatencyNanos);
        json.put("copy_latency_ticks", copy.latencyNanos);
        json.put("max_copy_latency_ticks", copy.maxLatencyNanos);
        json.put("min_copy_latency_ticks", copy.minLatencyNanos);
        Map<String, Object> byKind = new LinkedHashMap<>();
        for (IoStatus.Kind kind : IoStatus.Kind.values()) {
            Long count = errors.get(kind);
            if (count != null) {
                byKind.put(kind.jsonName(), count);
            }
        }
        json.put("io_error", byKind);
        return json;
    }
}
