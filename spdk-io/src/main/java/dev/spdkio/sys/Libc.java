// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The door to the C library: finds functions, reads {@code errno}, and adopts memory that C handed out.
 *
 * <p>The first handle of a process costs 0.2 s and each new signature some 10 ms, therefore every concept class keeps
 * its handles in a nested holder class that is initialised at the first real call. Handles must stand in
 * {@code static final} fields: only there the JIT sees a constant and compiles a direct call.
 *
 * <p>Two rules about {@code errno}: it is only meaningful after a call that reported failure (a successful call
 * leaves the old value in place), and it must be captured by the call itself, because the JVM may change it before
 * the next one.
 */
final class Libc {
    private static final StructLayout CAPTURE_STATE = Linker.Option.captureStateLayout();

    private static final VarHandle ERRNO = CAPTURE_STATE.varHandle(PathElement.groupElement("errno"));

    // Numbers of syscalls that old C libraries have no function for (asm/unistd_64.h and asm-generic/unistd.h).
    static final long SYS_GETTID = Platform.isX86() ? 186 : 178;
    static final long SYS_STATX = Platform.isX86() ? 332 : 291;
    static final long SYS_IO_URING_SETUP = 425;
    static final long SYS_IO_URING_ENTER = 426;
    static final long SYS_IO_URING_REGISTER = 427;
    static final long SYS_EPOLL_PWAIT2 = 441;

    private Libc() {}

    /** A handle whose first argument is the segment (from {@link #newErrnoState}) that receives {@code errno}. */
    static MethodHandle find(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = Linker.Option.captureCallState("errno");
        return findFunction(name, descriptor, all);
    }

    /** A handle that does not capture {@code errno}: some 10 ns cheaper, for calls whose failure needs no reason. */
    static MethodHandle findWithoutErrno(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return findFunction(name, descriptor, options);
    }

    /** {@code long syscall(long number, ...)} with the given number of {@code long} arguments, capturing errno. */
    static MethodHandle findSyscall(int arguments) {
        return find("syscall", syscallDescriptor(arguments), Linker.Option.firstVariadicArg(1));
    }

    /** As {@link #findSyscall}, without capturing errno. */
    static MethodHandle findSyscallWithoutErrno(int arguments) {
        return findWithoutErrno("syscall", syscallDescriptor(arguments), Linker.Option.firstVariadicArg(1));
    }

    static MemorySegment newErrnoState(Arena arena) {
        return arena.allocate(CAPTURE_STATE);
    }

    /** The error number of the last failed call that was given this state. */
    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    /**
     * Memory that a C call returned, as a segment that lives as long as the arena.
     *
     * @param cleanup run once with the (by then dead to others) segment when the arena closes
     */
    @SuppressWarnings("restricted") // this package was asked for by name in --enable-native-access
    static MemorySegment adopt(long address, long bytes, Arena arena, Consumer<MemorySegment> cleanup) {
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, cleanup);
    }

    /** One call of a capturing handle: returns what C returned, where -1 means failure. */
    @FunctionalInterface
    interface Call {
        long invoke(MemorySegment errno) throws Throwable;
    }

    /** Makes a cold call: the answer of C, or the <em>negative</em> error number. Allocates; not for hot paths. */
    static long tryCall(Call call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = newErrnoState(arena);
            long result;
            try {
                result = call.invoke(state);
            } catch (Throwable thrown) {
                throw unexpected(thrown);
            }
            return result == -1 ? -errno(state) : result;
        }
    }

    /** As {@link #tryCall}, with the failure as an exception. */
    static long call(String name, Supplier<String> object, Call call) throws SysException {
        long result = tryCall(call);
        if (result < 0) {
            throw new SysException(name, object.get(), (int) -result);
        }
        return result;
    }

    /** What a downcall can throw besides what C does: nothing that the caller could handle. */
    static AssertionError unexpected(Throwable thrown) {
        return new AssertionError("a native call threw", thrown);
    }

    private static FunctionDescriptor syscallDescriptor(int arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments + 1];
        Arrays.fill(layouts, JAVA_LONG);
        return FunctionDescriptor.of(JAVA_LONG, layouts);
    }

    @SuppressWarnings("restricted") // see adopt
    private static MethodHandle findFunction(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Platform.requireNative();
        Linker linker = Linker.nativeLinker();
        MemorySegment function = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsupportedOperationException("the C library has no function " + name));
        return linker.downcallHandle(function, descriptor, options);
    }
}
