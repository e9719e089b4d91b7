// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import java.time.Duration;

/**
 * How long and how often things are measured. Rounds are short, so that some pass between two interruptions.
 *
 * @param warmup before the first round
 * @param round one round
 * @param rounds of a path
 * @param pairs how often this library and bdevperf take turns
 * @param program one run of another program
 * @param runs of another program
 * @param fileBytes size of the file
 */
record Times(Duration warmup, Duration round, int rounds, int pairs, Duration program, int runs, long fileBytes) {
    static final Times FULL =
            new Times(Duration.ofMillis(1500), Duration.ofMillis(25), 40, 4, Duration.ofSeconds(1), 3, 256 << 20);

    static final Times QUICK =
            new Times(Duration.ofMillis(50), Duration.ofMillis(10), 3, 1, Duration.ofMillis(100), 1, 16 << 20);
}
