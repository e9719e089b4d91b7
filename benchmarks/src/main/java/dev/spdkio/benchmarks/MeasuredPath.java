// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.cli.BdevConfig;
import dev.spdkio.cli.perf.IoStyle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A row of the table.
 *
 * @param key its name on the command line
 * @param title its name in the table
 * @param budget what it should be
 * @param measurer what measures it
 */
record MeasuredPath(String key, String title, String budget, Measurer measurer) {
    /** Measures one path. */
    interface Measurer {
        Result measure(Measuring measuring) throws IOException, InterruptedException;
    }

    static final String SATURATED = "null-qd128";

    private static final int BLOCK_SIZE = 4096;
    private static final BdevConfig NULL = BdevConfig.nullDevice("Null0", 1L << 30, BLOCK_SIZE);
    private static final BdevConfig MALLOC = BdevConfig.malloc("Malloc0", 64L << 20, BLOCK_SIZE);
    private static final int[] DEPTHS = {1, 32, 128};

    static final List<MeasuredPath> ALL = all();

    private static List<MeasuredPath> all() {
        List<MeasuredPath> paths = new ArrayList<>(List.of(
                new MeasuredPath(
                        SATURATED,
                        "null, QD 128, callbacks",
                        "at most 40; C 104",
                        m -> m.besideBdevperf(NULL, 128, IoStyle.CALLBACK)),
                new MeasuredPath(
                        "null-qd1",
                        "null, QD 1, callbacks",
                        "at most 100; C 202",
                        m -> m.besideBdevperf(NULL, 1, IoStyle.CALLBACK)),
                new MeasuredPath(
                        "malloc-qd128",
                        "malloc 64 MiB, QD 128, callbacks",
                        "as C; C 840",
                        m -> m.besideBdevperf(MALLOC, 128, IoStyle.CALLBACK)),
                new MeasuredPath(
                        "poller", "poller call, of " + PollerCalls.POLLERS, "as C; C 8", Measuring::pollerCalls),
                new MeasuredPath("null-future", "null, QD 128, futures", "", m -> m.hub(NULL, 128, IoStyle.FUTURE)),
                new MeasuredPath("null-task", "null, QD 128, tasks", "", m -> m.hub(NULL, 128, IoStyle.TASK))));
        for (int depth : DEPTHS) {
            String at = "-qd" + depth;
            paths.add(new MeasuredPath("uring" + at, "file, QD " + depth + ", uring", "", m -> m.uring(depth)));
            paths.add(new MeasuredPath(
                    "channel" + at,
                    "file, " + depth + (depth == 1 ? " thread" : " threads") + ", FileChannel.read",
                    "",
                    m -> m.fileChannel(depth)));
            paths.add(new MeasuredPath("fio" + at, "file, QD " + depth + ", fio io_uring", "", m -> m.fio(depth)));
        }
        return List.copyOf(paths);
    }
}
