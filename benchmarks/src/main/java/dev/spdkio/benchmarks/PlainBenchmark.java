// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.runtime.CpuSet;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What needs no reactor. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PlainBenchmark {
    private static final long STEP = 0x9E3779B97F4A7C15L;
    private static final int LATENCY_SHIFT = 44;

    private final LatencyHistogram histogram = new LatencyHistogram();
    private long random = 1;
    private String list = "[0-3,8,10-12,64]";
    private String mask = "0x1ff0f";

    /** A latency of up to a millisecond, recorded. */
    @Benchmark
    public void recordLatency() {
        random += STEP;
        histogram.record(random >>> LATENCY_SHIFT);
    }

    /** A set of cores as a list. */
    @Benchmark
    public CpuSet parseList() {
        return CpuSet.parse(list);
    }

    /** A set of cores as a mask. */
    @Benchmark
    public CpuSet parseMask() {
        return CpuSet.parse(mask);
    }
}
