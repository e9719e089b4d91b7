// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The calls on a bare descriptor that several classes need and whose failure has no reason worth telling. */
final class Fds {
    private static final FunctionDescriptor TRANSFER = FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

    static final MethodHandle READ = Libc.findWithoutErrno("read", TRANSFER);
    static final MethodHandle WRITE = Libc.findWithoutErrno("write", TRANSFER);
    private static final MethodHandle CLOSE = Libc.findWithoutErrno("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private Fds() {}

    /**
     * Closes a descriptor; -1 means there is none. The result is dropped on purpose: Linux releases the descriptor in
     * any case, and what could not be written is reported by fsync.
     */
    static void close(int fd) {
        if (fd < 0) {
            return;
        }
        try {
            int _ = (int) CLOSE.invokeExact(fd);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }
}
