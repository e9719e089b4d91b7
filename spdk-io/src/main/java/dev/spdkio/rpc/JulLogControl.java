// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Log levels through {@code java.util.logging}, which {@link System.Logger} writes to unless the application has
 * replaced it.
 *
 * <p>ERROR, WARNING, NOTICE, INFO and DEBUG are SEVERE, WARNING, INFO, CONFIG and FINE. The log level is that of the
 * logger {@code dev.spdkio}; the print level is that of the console handlers of the root logger, which are shared
 * with the rest of the application, and are left alone until somebody sets it. As in SPDK neither limits the other:
 * the logger lets through what the more talkative of them wants. A flag is a package below {@code dev.spdkio}, and
 * sets its logger to FINE.
 */
public final class JulLogControl implements LogControl {
    private static final String ROOT = "dev.spdkio";
    private static final int EOPNOTSUPP = 95;
    private static final Map<LogLevel, Level> LEVELS = Map.of(
            LogLevel.ERROR, Level.SEVERE,
            LogLevel.WARNING, Level.WARNING,
            LogLevel.NOTICE, Level.INFO,
            LogLevel.INFO, Level.CONFIG,
            LogLevel.DEBUG, Level.FINE);

    /** Held, because {@code java.util.logging} forgets a logger with its level when nobody holds it. */
    private final Logger root = Logger.getLogger(ROOT);

    private final Map<String, Logger> flags = new LinkedHashMap<>();
    private @Nullable LogLevel level;
    private @Nullable LogLevel printLevel;

    /** @param flags names of packages below {@code dev.spdkio}: {@code bdev}, {@code rpc} */
    public JulLogControl(List<String> flags) {
        flags.forEach(f -> this.flags.put(f, Logger.getLogger(ROOT + "." + f)));
    }

    /** Whether the JDK's own logging is there: a trimmed run-time image may lack the module {@code java.logging}. */
    public static boolean isAvailable() {
        return ModuleLayer.boot().findModule("java.logging").isPresent();
    }

    @Override
    public LogLevel level() {
        return level != null ? level : of(effective(root));
    }

    @Override
    public void setLevel(LogLevel value) {
        level = value;
        apply();
    }

    @Override
    public LogLevel printLevel() {
        if (printLevel != null) {
            return printLevel;
        }
        for (Handler h : handlers()) {
            if (h instanceof ConsoleHandler) {
                return of(h.getLevel());
            }
        }
        return level();
    }

    @Override
    public void setPrintLevel(LogLevel value) throws SpdkException {
        boolean console = false;
        for (Handler h : handlers()) {
            console |= h instanceof ConsoleHandler;
        }
        if (!console) {
            throw new SpdkException(
                    EOPNOTSUPP, "java.util.logging has no console handler: use log_set_level, or configure one");
        }
        printLevel = value;
        apply();
    }

    private void apply() {
        LogLevel log = level();
        LogLevel print = printLevel();
        root.setLevel(LEVELS.get(log.compareTo(print) > 0 ? log : print));
        for (Handler h : handlers()) {
            if (h instanceof ConsoleHandler && printLevel != null) {
                h.setLevel(LEVELS.get(print));
            }
        }
    }

    private static Handler[] handlers() {
        return Logger.getLogger("").getHandlers();
    }

    @Override
    public Map<String, Boolean> flags() {
        Map<String, Boolean> all = new TreeMap<>();
        flags.forEach((name, logger) -> {
            Level own = logger.getLevel();
            all.put(name, own != null && own.intValue() <= Level.FINE.intValue());
        });
        return all;
    }

    @Override
    public void setFlag(String flag, boolean enabled) throws SpdkException {
        Logger logger = flags.get(flag);
        if (logger == null) {
            throw RpcException.invalidParam(
                    "flag", "is '" + flag + "': expected all or one of " + String.join(", ", flags.keySet()));
        }
        logger.setLevel(enabled ? Level.FINE : null);
    }

    private static Level effective(Logger logger) {
        for (Logger l = logger; l != null; l = l.getParent()) {
            Level own = l.getLevel();
            if (own != null) {
                return own;
            }
        }
        return Level.INFO;
    }

    private static LogLevel of(Level jul) {
        for (LogLevel l : LogLevel.values()) {
            if (jul.intValue() >= LEVELS.getOrDefault(l, Level.FINE).intValue()) {
                return l;
            }
        }
        return LogLevel.DEBUG;
    }
}
