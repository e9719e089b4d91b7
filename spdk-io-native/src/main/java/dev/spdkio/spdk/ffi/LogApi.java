// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/log.h}, and what formats their messages. */
@SuppressWarnings("restricted")
public final class LogApi {
    private static final MethodHandle OPEN = Downcall.ofVoid("spdk_log_open", JAVA_LONG);
    private static final MethodHandle VSNPRINTF = Downcall.at(
            Linker.nativeLinker().defaultLookup().findOrThrow("vsnprintf"),
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);

    private LogApi() {}

    /** {@code spdk_log_open}: from now on messages go there, whatever their level. */
    public static void open(long callback) {
        try {
            OPEN.invokeExact(callback);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code vsnprintf}. */
    public static void format(long buffer, long bytes, long format, long arguments) {
        try {
            int _ = (int) VSNPRINTF.invokeExact(buffer, bytes, format, arguments);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
