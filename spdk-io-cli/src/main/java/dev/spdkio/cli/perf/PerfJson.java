// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.cli.PrettyJson;
import java.util.LinkedHashMap;
import java.util.Map;

/** The figures of a run as one JSON object. */
final class PerfJson {
    private static final double NANOS_PER_MICRO = 1e3;

    private PerfJson() {}

    static String write(PerfResult r) {
        return PrettyJson.write(object(r));
    }

    static Map<String, Object> object(PerfResult r) {
        Map<String, Object> o = new LinkedHashMap<>();
        o.put("engine", r.engine());
        o.put("bdev", r.bdevs());
        o.put("workload", r.options().workload().toString());
        o.put("style", r.options().style().toString());
        if (r.options().workload().isMixed()) {
            o.put("read_percent", r.options().readPercent());
        }
        o.put("qd", r.options().queueDepth());
        o.put("io_size", r.options().ioSize());
        o.put("cores", r.cores());
        o.put("warmup_seconds", r.options().warmup().toNanos() / 1e9);
        o.put("seconds", r.seconds());
        o.put("stopped_by", r.reason().toString());
        o.put("ios", r.ios());
        o.put("iops", r.iops());
        o.put("ns_per_io", r.nanosPerIo());
        o.put("mib_per_s", r.mibPerSecond());
        o.put("failed", r.failed());
        o.put("miscompares", r.miscompares());
        o.put("heap_bytes_per_io", r.heapBytesPerIo());
        o.put("cpu_seconds", r.spent().cpuSeconds());
        o.put("preemptions", r.spent().preemptions());
        o.put("latency_us", latency(r.latency()));
        o.put("jobs", r.jobs().stream().map(PerfJson::job).toList());
        return o;
    }

    private static Map<String, Object> job(JobResult j) {
        Map<String, Object> o = new LinkedHashMap<>();
        o.put("bdev", j.spec().bdev());
        o.put("core", j.spec().core());
        o.put("first_block", j.spec().firstBlock());
        o.put("blocks", j.spec().slots() * j.spec().blocksPerIo());
        o.put("seconds", j.seconds());
        o.put("ios", j.ios());
        o.put("iops", j.iops());
        o.put("mib_per_s", j.mibPerSecond());
        o.put("failed", j.failed());
        o.put("miscompares", j.miscompares());
        o.put("latency_us", latency(j.latency()));
        return o;
    }

    private static Map<String, Object> latency(LatencyHistogram h) {
        Map<String, Object> o = new LinkedHashMap<>();
        o.put("min", h.min() / NANOS_PER_MICRO);
        o.put("mean", h.mean() / NANOS_PER_MICRO);
        o.put("p50", h.percentile(50) / NANOS_PER_MICRO);
        o.put("p99", h.percentile(99) / NANOS_PER_MICRO);
        o.put("p999", h.percentile(99.9) / NANOS_PER_MICRO);
        o.put("max", h.max() / NANOS_PER_MICRO);
        return o;
    }
}
