// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.spdk.ffi.LogApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * SPDK's log in {@link System.Logger}: a message of {@code lib/bdev/bdev.c} goes to the logger {@code spdk.bdev}. What
 * SPDK calls a notice is {@link Level#INFO} here, its infos {@link Level#DEBUG}.
 *
 * <p>SPDK logs on whatever OS thread it runs, DPDK's own ones too.
 */
final class NativeLog {
    private static final int MAX_BYTES = 1024;
    private static final int MAX_LOGGERS = 1024;

    /** {@code SPDK_LOG_ERROR} is 0, and so on. */
    private static final Level[] LEVELS = {Level.ERROR, Level.WARNING, Level.INFO, Level.DEBUG, Level.TRACE};

    private static final Map<Long, Logger> LOGGERS = new ConcurrentHashMap<>();
    private static final long LOG = Upcall.stub(
            MethodHandles.lookup(),
            NativeLog.class,
            "log",
            FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            null);

    private NativeLog() {}

    /** Begins to take SPDK's messages, for the life of the JVM. */
    static void open() {
        LogApi.open(LOG);
    }

    /** A {@code va_list} comes as a pointer on x86-64 and aarch64 Linux, and goes on as one. */
    @SuppressWarnings("unused") // called by SPDK
    private static void log(int level, long file, int line, long function, long format, long arguments) {
        Logger logger = logger(file);
        Level target = LEVELS[Math.clamp(level, 0, LEVELS.length - 1)];
        if (!logger.isLoggable(target)) {
            return;
        }
        String text;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(MAX_BYTES);
            LogApi.format(buffer.address(), MAX_BYTES, format, arguments);
            text = buffer.getString(0).strip();
        }
        logger.log(target, file == 0 ? text : text + " (" + Raw.string(function) + ", line " + line + ")");
    }

    /** File names are constants of SPDK's: their addresses tell them apart. */
    private static Logger logger(long file) {
        Logger known = LOGGERS.get(file);
        if (known != null) {
            return known;
        }
        Logger made = System.getLogger("spdk." + component(Raw.string(file)));
        if (LOGGERS.size() < MAX_LOGGERS) {
            LOGGERS.put(file, made);
        }
        return made;
    }

    /** The name of a source file without folder and ending. */
    static String component(String file) {
        String name = file.substring(file.lastIndexOf('/') + 1);
        int dot = name.lastIndexOf('.');
        return name.isEmpty() ? "log" : dot > 0 ? name.substring(0, dot) : name;
    }
}
