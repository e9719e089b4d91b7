// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.SpdkApp;
import dev.spdkio.cli.BdevConfig;
import dev.spdkio.cli.CommandFailedException;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The load of {@code spdkio perf} for other programs of this project: random reads of one device by one busy reactor,
 * measured in several short rounds.
 *
 * <p>Thread rule: any thread that is not a reactor's.
 */
public final class Rounds {
    private static final long MEMORY_BYTES = 1L << 30;

    /**
     * What is done.
     *
     * @param device the device to make
     * @param core whose reactor does it
     * @param queueDepth I/Os in flight
     * @param ioSize bytes of an I/O
     * @param style how they are submitted
     */
    public record Load(BdevConfig device, int core, int queueDepth, int ioSize, IoStyle style) {}

    /**
     * The figures of one round.
     *
     * @param nanosPerIo time
     * @param cpuNanosPerIo CPU time of the reactor
     * @param heapBytesPerIo heap memory that the reactor has allocated
     * @param preemptions how often the reactor had to give its core away
     */
    public record Round(double nanosPerIo, double cpuNanosPerIo, double heapBytesPerIo, long preemptions) {}

    private Rounds() {}

    /**
     * Starts an application, warms it up, measures it and ends it.
     *
     * @param time of a round
     * @throws CommandFailedException if an I/O failed
     */
    public static List<Round> measure(Load load, Duration warmup, Duration time, int rounds)
            throws IOException, InterruptedException {
        PerfOptions options = new PerfOptions(
                null,
                load.device(),
                List.of(),
                load.queueDepth(),
                load.ioSize(),
                Workload.RANDREAD,
                0,
                load.style(),
                CpuSet.of(load.core()),
                IdlePolicy.BUSY,
                warmup,
                time,
                false);
        PrintWriter silent = new PrintWriter(Writer.nullWriter());
        try (SpdkApp app = PerfRun.application(options, MEMORY_BYTES)
                .configJson(BdevConfig.json(load.device()))
                .start()) {
            PerfRun run = new PerfRun(app, options, silent, new Progress(silent, false), new CompletableFuture<>());
            List<Round> figures = new ArrayList<>();
            for (PerfResult result : run.run(rounds)) {
                String failure = result.firstFailure();
                if (failure != null) {
                    throw new CommandFailedException(failure);
                }
                // A round in which a crowded machine let no I/O end says nothing.
                if (result.ios() > 0) {
                    figures.add(new Round(
                            result.nanosPerIo(),
                            result.spent().cpuSeconds() * 1e9 / result.ios(),
                            result.heapBytesPerIo(),
                            result.spent().preemptions()));
                }
            }
            return figures;
        }
    }
}
