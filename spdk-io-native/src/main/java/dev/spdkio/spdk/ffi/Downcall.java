// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Makes handles of SPDK's functions. They must stand in {@code static final} fields: only there the JIT compiles a
 * direct call. Pointers are {@code long} in the signatures, so that a call creates no objects.
 */
@SuppressWarnings("restricted")
public final class Downcall {
    private Downcall() {}

    /** A handle of a function that every supported release has. */
    public static MethodHandle of(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(LibSpdk.get().symbol(symbol), FunctionDescriptor.of(result, arguments));
    }

    /** A handle of a function at an address. */
    public static MethodHandle at(MemorySegment address, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments));
    }

    /** A handle of a function that returns nothing. */
    public static MethodHandle ofVoid(String symbol, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(LibSpdk.get().symbol(symbol), FunctionDescriptor.ofVoid(arguments));
    }

    /**
     * A handle of a short function that neither blocks nor calls back: cheaper, since the thread stays in Java.
     */
    public static MethodHandle critical(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        LibSpdk.get().symbol(symbol),
                        FunctionDescriptor.of(result, arguments),
                        Linker.Option.critical(false));
    }

    /** The same for a function that returns nothing. */
    public static MethodHandle criticalVoid(String symbol, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        LibSpdk.get().symbol(symbol),
                        FunctionDescriptor.ofVoid(arguments),
                        Linker.Option.critical(false));
    }

    /** A handle of a function that only some releases have, or null. */
    public static @Nullable MethodHandle optional(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return LibSpdk.get()
                .find(symbol)
                .map(address -> Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments)))
                .orElse(null);
    }

    /** What cannot happen: a handle of ours that is called with the right types throws nothing. */
    public static AssertionError unexpected(Throwable t) {
        return new AssertionError("a downcall failed in the JVM", t);
    }
}
