// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.cli.BdevConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SPDK's bdevperf.
 *
 * @param program its path
 * @param environment shell files to source before it, and assignments such as {@code LD_LIBRARY_PATH=/opt/spdk/lib}
 */
record Bdevperf(Path program, List<String> environment) {
    private static final Pattern TOTAL =
            Pattern.compile("Total +: +([0-9.]+) +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +([0-9.]+)");

    /** An I/O that took this long waited for bdevperf to get its core back. */
    private static final double PREEMPTED_MICROS = 10_000;

    /** Reads {@code "$@"} as the command after the environment is there. */
    private static final String SCRIPT = """
            while [ "$1" != -- ]; do
              case $1 in *=*) export "$1" ;; *) . "$1" >&2 ;; esac
              shift
            done
            shift
            exec "$@"
            """;

    Sample run(BdevConfig device, int depth, int core, Duration time) throws IOException, InterruptedException {
        Path config = Files.createTempFile("bdevperf", ".json");
        try {
            Files.writeString(config, BdevConfig.json(device));
            List<String> command = new ArrayList<>(List.of("bash", "-c", SCRIPT, "bdevperf"));
            command.addAll(environment);
            command.addAll(List.of("--", program.toString(), "--no-huge", "-s", "512", "-m", "[" + core + "]"));
            command.addAll(List.of("-c", config.toString(), "-q", "" + depth, "-o", "" + Measuring.IO_SIZE));
            command.addAll(List.of("-w", "randread", "-t", "" + Math.max(1, time.toSeconds())));
            String text = Programs.allOutput(new ProcessBuilder(command));
            Matcher total = TOTAL.matcher(text);
            if (!total.find()) {
                throw new IOException(program + " printed no line with the total:\n" + text);
            }
            return new Sample(
                    1e9 / Double.parseDouble(total.group(1)),
                    Double.NaN,
                    Double.NaN,
                    Double.parseDouble(total.group(2)) > PREEMPTED_MICROS);
        } finally {
            Files.delete(config);
        }
    }
}
