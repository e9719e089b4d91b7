// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.Engine;
import dev.spdkio.cli.BdevConfig;
import dev.spdkio.cli.FileBdev;
import dev.spdkio.cli.perf.IoStyle;
import dev.spdkio.cli.perf.Rounds;
import dev.spdkio.runtime.TaskScheduling;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Measures paths in this JVM.
 *
 * @param times how long
 * @param core where
 * @param file the file of the paths that read one
 * @param bdevperf the program to compare with, or null
 */
record Measuring(Times times, int core, Path file, @Nullable Bdevperf bdevperf) {
    static final int IO_SIZE = 4096;

    /** What bdevperf can do as well: it and this library take turns, so that both see the same machine. */
    Result besideBdevperf(BdevConfig device, int depth, IoStyle style) throws IOException, InterruptedException {
        if (bdevperf == null) {
            return hub(device, depth, style);
        }
        List<Sample> ours = new ArrayList<>();
        List<Sample> theirs = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < times.pairs(); i++) {
            Duration warmup = i == 0 ? times.warmup() : times.warmup().dividedBy(times.pairs());
            List<Sample> batch = rounds(device, depth, style, warmup, Math.ceilDiv(times.rounds(), times.pairs()));
            Sample c = bdevperf.run(device, depth, core, times.program());
            ours.addAll(batch);
            theirs.add(c);
            ratios.add(c.nanos() / Figures.of(batch).median());
        }
        return new Result(ours, theirs, ratios, "");
    }

    Result hub(BdevConfig device, int depth, IoStyle style) throws IOException, InterruptedException {
        List<Sample> samples = rounds(device, depth, style, times.warmup(), times.rounds());
        String cause = style == IoStyle.TASK ? TaskScheduling.reactorUnavailabilityCause() : null;
        return new Result(samples, List.of(), List.of(), cause == null ? "" : "tasks scheduled by the JDK");
    }

    private List<Sample> rounds(BdevConfig device, int depth, IoStyle style, Duration warmup, int rounds)
            throws IOException, InterruptedException {
        Rounds.Load load = new Rounds.Load(device, core, depth, IO_SIZE, style);
        return Rounds.measure(load, warmup, times.round(), rounds).stream()
                .map(r -> new Sample(r.nanosPerIo(), r.cpuNanosPerIo(), r.heapBytesPerIo(), r.preemptions() > 0))
                .toList();
    }

    Result pollerCalls() throws InterruptedException {
        return Result.of(PollerCalls.measure(core, times));
    }

    Result uring(int depth) throws IOException, InterruptedException {
        FileBdev bdev = FileBdev.of("File0", file, new FileBdev.Options(IO_SIZE, true, null, false), Engine.JAVA);
        Result result = hub(bdev.config(), depth, IoStyle.CALLBACK);
        return bdev.driver().equals("uring")
                ? result
                : new Result(result.samples(), List.of(), List.of(), "by " + bdev.driver());
    }

    Result fileChannel(int threads) throws IOException, InterruptedException {
        return FileChannelReads.measure(file, threads, core, times);
    }

    Result fio(int depth) throws IOException, InterruptedException {
        return Fio.measure(file, depth, core, times);
    }
}
