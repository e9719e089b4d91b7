// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the library logs goes to stderr, a line a record, warnings and worse only unless more is asked for. */
final class Logging {
    // Loggers are held weakly; one that is configured must stay.
    private static final Logger ROOT = Logger.getLogger("");
    private static final Logger OURS = Logger.getLogger("dev.spdkio");

    /** What SPDK itself says, under its engine. */
    private static final Logger SPDK = Logger.getLogger("spdk");

    private Logging() {}

    /**
     * Sets the level.
     *
     * @param verbosity 0 for warnings, 1 for information, 2 for everything
     */
    static void configure(int verbosity) {
        Level level = switch (verbosity) {
            case 0 -> Level.WARNING;
            case 1 -> Level.INFO;
            default -> Level.ALL;
        };
        for (Handler handler : ROOT.getHandlers()) {
            if (handler instanceof ConsoleHandler) {
                handler.setLevel(level);
                handler.setFormatter(new OneLine());
            }
        }
        // Only what is ours may be chatty.
        OURS.setLevel(level);
        SPDK.setLevel(level);
    }

    /** {@code 12:00:00.000 WARN dev.spdkio.rpc.RpcServer: text}, and a stack trace below if there is one. */
    static final class OneLine extends Formatter {
        private static final DateTimeFormatter TIME =
                DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

        @Override
        public String format(LogRecord r) {
            StringBuilder line = new StringBuilder(160)
                    .append(TIME.format(r.getInstant()))
                    .append(' ')
                    .append(name(r.getLevel()))
                    .append(' ')
                    .append(r.getLoggerName())
                    .append(": ")
                    .append(formatMessage(r))
                    .append(System.lineSeparator());
            if (r.getThrown() != null) {
                StringWriter trace = new StringWriter();
                r.getThrown().printStackTrace(new PrintWriter(trace));
                line.append(trace);
            }
            return line.toString();
        }

        private static String name(Level level) {
            if (level.intValue() >= Level.SEVERE.intValue()) {
                return "ERROR";
            }
            if (level.intValue() >= Level.WARNING.intValue()) {
                return "WARN";
            }
            return level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
        }
    }
}
