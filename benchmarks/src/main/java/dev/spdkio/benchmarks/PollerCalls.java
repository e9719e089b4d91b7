// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.cli.perf.ReactorMeter;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Calls of pollers that find nothing to do. The round of the reactor is part of it, divided by the pollers. */
final class PollerCalls {
    static final int POLLERS = 1000;

    private long calls;

    private PollerCalls() {}

    static List<Sample> measure(int core, Times times) throws InterruptedException {
        try (SpdkRuntime runtime = SpdkRuntime.builder()
                .name("pollers")
                .cpus(CpuSet.of(core))
                .idlePolicy(IdlePolicy.BUSY)
                .limits(RuntimeLimits.DEFAULT.withStallLimit(Duration.ZERO))
                .start()) {
            SpdkThread thread = runtime.createThread("pollers");
            PollerCalls counter = new PollerCalls();
            List<Poller> pollers =
                    thread.<List<Poller>>call(() -> counter.register(thread)).join();
            Thread.sleep(times.warmup());
            ReactorMeter meter = new ReactorMeter(runtime, false);
            List<Sample> samples = new ArrayList<>();
            while (samples.size() < times.rounds()) {
                long[] before = new long[2];
                long[] after = new long[2];
                meter.start(() -> counter.read(thread, before));
                Thread.sleep(times.round());
                ReactorMeter.Spent spent = meter.stop(() -> counter.read(thread, after));
                double count = after[0] - before[0];
                samples.add(new Sample(
                        (after[1] - before[1]) / count,
                        spent.cpuSeconds() * 1e9 / count,
                        spent.heapBytes() / count,
                        spent.preemptions() > 0));
            }
            thread.call(() -> {
                        pollers.forEach(Poller::close);
                        return true;
                    })
                    .join();
            return samples;
        }
    }

    private List<Poller> register(SpdkThread thread) {
        List<Poller> pollers = new ArrayList<>();
        for (int i = 0; i < POLLERS; i++) {
            pollers.add(thread.poller("idle").body(this::poll).register());
        }
        return pollers;
    }

    private Poller.Result poll() {
        calls++;
        return Poller.Result.IDLE;
    }

    /** The calls so far and the time. */
    private void read(SpdkThread thread, long[] into) {
        thread.call(() -> {
                    into[0] = calls;
                    into[1] = System.nanoTime();
                    return true;
                })
                .join();
    }
}
