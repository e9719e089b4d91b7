// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.LatencyHistogram;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one job.
 *
 * @param spec what it did
 * @param seconds how long it was measured
 * @param ios I/Os that ended in that time, well or not
 * @param failed I/Os that failed in the whole run, the warm-up included
 * @param miscompares reads in the whole run that did not return what was written
 * @param latency from submission to completion
 * @param firstFailure what went wrong first, or null
 */
record JobResult(
        JobSpec spec,
        double seconds,
        long ios,
        long failed,
        long miscompares,
        LatencyHistogram latency,
        @Nullable String firstFailure) {

    double iops() {
        return seconds == 0 ? 0 : ios / seconds;
    }

    double mibPerSecond() {
        return iops() * spec.ioSize() / (1 << 20);
    }

    double failuresPerSecond() {
        return seconds == 0 ? 0 : failed / seconds;
    }
}
