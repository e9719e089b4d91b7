// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.LatencyHistogram;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a run.
 *
 * @param engine which engine owned the devices
 * @param options what was asked for
 * @param cores how many reactors did it
 * @param jobs the figures of each job
 * @param spent CPU time and heap memory of the measured time
 * @param reason why it ended
 */
record PerfResult(
        String engine,
        PerfOptions options,
        int cores,
        List<JobResult> jobs,
        ReactorMeter.Spent spent,
        StopReason reason) {

    String bdevs() {
        return jobs.stream().map(j -> j.spec().bdev()).distinct().collect(Collectors.joining(","));
    }

    double seconds() {
        return jobs.stream().mapToDouble(JobResult::seconds).max().orElse(0);
    }

    long ios() {
        return jobs.stream().mapToLong(JobResult::ios).sum();
    }

    double iops() {
        return jobs.stream().mapToDouble(JobResult::iops).sum();
    }

    double mibPerSecond() {
        return jobs.stream().mapToDouble(JobResult::mibPerSecond).sum();
    }

    long failed() {
        return jobs.stream().mapToLong(JobResult::failed).sum();
    }

    long miscompares() {
        return jobs.stream().mapToLong(JobResult::miscompares).sum();
    }

    /** The time of one reactor that one I/O took: with one core simply the seconds divided by the I/Os. */
    double nanosPerIo() {
        return iops() == 0 ? 0 : 1e9 * cores / iops();
    }

    double heapBytesPerIo() {
        return ios() == 0 ? 0 : (double) spent.heapBytes() / ios();
    }

    LatencyHistogram latency() {
        LatencyHistogram sum = new LatencyHistogram();
        jobs.forEach(j -> sum.add(j.latency()));
        return sum;
    }

    @Nullable
    String firstFailure() {
        return jobs.stream()
                .map(JobResult::firstFailure)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Whether all went well: what a reset has aborted is no failure. */
    boolean isGood() {
        return firstFailure() == null;
    }
}
