// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What samples say, after those that other programs disturbed were discarded. Where all were disturbed, all count.
 *
 * @param best the shortest time of an operation
 * @param median the middle one
 * @param cpu the middle CPU time of an operation, of all samples: it holds on a busy machine, too
 * @param heapBytes the middle of the heap bytes of all samples
 * @param kept samples that were not discarded; 0 if all were disturbed
 * @param total samples
 */
record Figures(double best, double median, double cpu, double heapBytes, int kept, int total) {
    /** A round that took this many times the median was disturbed, whatever the kernel says. */
    static final double OUTLIER = 1.5;

    static Figures of(List<Sample> samples) {
        List<Sample> clean =
                samples.stream().filter(sample -> !sample.preempted()).toList();
        double limit = OUTLIER * median(clean, Sample::nanos);
        List<Sample> kept =
                clean.stream().filter(sample -> sample.nanos() <= limit).toList();
        List<Sample> used = kept.isEmpty() ? samples : kept;
        return new Figures(
                used.stream().mapToDouble(Sample::nanos).min().orElse(Double.NaN),
                median(used, Sample::nanos),
                median(samples, Sample::cpuNanos),
                median(samples, Sample::heapBytes),
                kept.size(),
                samples.size());
    }

    static <T> double median(List<T> values, ToDoubleFunction<T> of) {
        double[] sorted = values.stream().mapToDouble(of).sorted().toArray();
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
