// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The three system calls of io_uring, through {@code syscall(2)}, because the C library has no functions for them. */
final class IoUringCalls {
    private static final MethodHandle SETUP = Libc.findSyscall(2);
    private static final MethodHandle REGISTER = Libc.findSyscall(4);
    private static final MethodHandle ENTER = Libc.findSyscallWithoutErrno(6);
    private static final MethodHandle ENTER_WITH_ERRNO = Libc.findSyscall(6);

    private IoUringCalls() {}

    /** {@code io_uring_setup(2)}: a descriptor, or the negative error number. */
    static int setup(int entries, MemorySegment params) {
        return (int) Libc.tryCall(
                errno -> (long) SETUP.invokeExact(errno, Libc.SYS_IO_URING_SETUP, (long) entries, params.address()));
    }

    /** {@code io_uring_register(2)}: what the operation returns, or the negative error number. */
    static int register(int fd, int operation, MemorySegment argument, int count) {
        return (int) Libc.tryCall(errno -> (long) REGISTER.invokeExact(
                errno, Libc.SYS_IO_URING_REGISTER, (long) fd, (long) operation, argument.address(), (long) count));
    }

    /**
     * {@code io_uring_enter(2)}: the number of submissions that the kernel took, or the negative error number.
     *
     * <p>Capturing errno would cost every call some 10 ns for the sake of the few that fail. A call that failed has
     * consumed nothing, therefore it is made once more in the capturing way; if that one works, all the better.
     */
    static int enter(int fd, int toSubmit, int minComplete, int flags, MemorySegment errno) {
        try {
            long result = (long) ENTER.invokeExact(
                    Libc.SYS_IO_URING_ENTER, (long) fd, (long) toSubmit, (long) minComplete, (long) flags, 0L, 0L);
            if (result == -1) {
                result = (long) ENTER_WITH_ERRNO.invokeExact(
                        errno,
                        Libc.SYS_IO_URING_ENTER,
                        (long) fd,
                        (long) toSubmit,
                        (long) minComplete,
                        (long) flags,
                        0L,
                        0L);
                return result == -1 ? -Libc.errno(errno) : (int) result;
            }
            return (int) result;
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }
}
