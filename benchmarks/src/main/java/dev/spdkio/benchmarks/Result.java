// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.util.List;

/**
 * What was measured of one path.
 *
 * @param samples of this library, or of what the row is about
 * @param bdevperf the same work by bdevperf; empty if it was not asked for
 * @param ratios how many times as fast as bdevperf, of each pair of runs
 * @param remark why there is nothing, or what is special; else empty
 */
record Result(List<Sample> samples, List<Sample> bdevperf, List<Double> ratios, String remark) {
    static Result of(List<Sample> samples) {
        return new Result(samples, List.of(), List.of(), "");
    }

    static Result none(String why) {
        return new Result(List.of(), List.of(), List.of(), why);
    }
}
