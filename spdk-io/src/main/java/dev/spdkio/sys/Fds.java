// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** The calls on a bare descriptor that several classes need and whose failure has no reason worth telling. */
final class Fds {
    static final MethodHandle WRITE =
            Libc.findWithoutErrno("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = Libc.findWithoutErrno("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static final MethodHandle EVENTFD =
            Libc.find("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    // sys/eventfd.h
    static final int EFD_NONBLOCK = 0x800;
    static final int EFD_CLOEXEC = 0x80000;

    private Fds() {}

    /** Opens an event counter that starts at 0, is never waited for in read, and is not inherited by programs. */
    static int newEventFd() throws SysException {
        return (int) Libc.call(
                "eventfd", () -> "0", errno -> (int) EVENTFD.invokeExact(errno, 0, EFD_NONBLOCK | EFD_CLOEXEC));
    }

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
