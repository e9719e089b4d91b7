// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;

/**
 * One line on a terminal that is written over and over: how far the run is and how fast. Elsewhere it is silent.
 *
 * <p>Thread rule: one thread.
 */
final class Progress {
    private static final String ERASE = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean terminal;
    private boolean shown;

    /**
     * @param terminal whether somebody watches
     */
    Progress(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    static boolean isTerminal() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    /** Shows where the run is. */
    void show(String phase, double seconds, double ofSeconds, double iops, double mibPerSecond) {
        if (terminal) {
            out.print(ERASE
                    + String.format(
                            Locale.ROOT,
                            "%s %.0f/%.0f s  %s IOPS  %.1f MiB/s",
                            phase,
                            seconds,
                            ofSeconds,
                            rate(iops),
                            mibPerSecond));
            out.flush();
            shown = true;
        }
    }

    /** Takes the line away. */
    void clear() {
        if (shown) {
            out.print(ERASE);
            out.flush();
            shown = false;
        }
    }

    private static String rate(double iops) {
        if (iops >= 1e6) {
            return String.format(Locale.ROOT, "%.2f M", iops / 1e6);
        }
        return iops >= 1e4
                ? String.format(Locale.ROOT, "%.1f k", iops / 1e3)
                : String.format(Locale.ROOT, "%.0f", iops);
    }
}
