// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** An event descriptor whose reader waits until somebody signals: an operation that takes as long as a test wants. */
record BlockingEvent(int fd) implements AutoCloseable {
    private static final MethodHandle EVENTFD =
            Libc.find("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    private static final MethodHandle READ =
            Libc.findWithoutErrno("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    static BlockingEvent create() throws SysException {
        return new BlockingEvent(
                (int) Libc.call("eventfd", () -> "0", errno -> (int) EVENTFD.invokeExact(errno, 0, 0)));
    }

    void signal() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat((long) Fds.WRITE.invokeExact(fd, arena.allocateFrom(JAVA_LONG, 1), 8L))
                    .isEqualTo(8);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Reads the counter, waiting for a signal if there was none. */
    void take() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat((long) READ.invokeExact(fd, arena.allocate(JAVA_LONG), 8L))
                    .isEqualTo(8);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    @Override
    public void close() {
        Fds.close(fd);
    }
}
