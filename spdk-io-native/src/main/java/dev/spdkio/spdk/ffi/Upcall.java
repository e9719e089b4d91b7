// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Makes functions that SPDK can call. They live as long as the JVM: SPDK may call one at any time after it was given
 * it. What belongs to a call travels as a {@code long} token; see {@link Tokens}.
 *
 * <p>An exception that left an upcall would end the JVM, so none does: it is logged, and the fallback is returned.
 */
@SuppressWarnings("restricted")
public final class Upcall {
    private static final Logger LOG = System.getLogger(Upcall.class.getName());
    private static final MethodHandle LOG_VOID;

    static {
        try {
            LOG_VOID = MethodHandles.lookup()
                    .findStatic(
                            Upcall.class, "failed", MethodType.methodType(void.class, String.class, Throwable.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Upcall() {}

    /**
     * The address of a C function that calls a static method.
     *
     * @param lookup sees the method
     * @param owner the class of the method
     * @param method the name of the only method of that name
     * @param descriptor the C signature; the method has the same
     * @param fallback what is returned if the method throws; null for a function that returns nothing
     */
    public static long stub(
            MethodHandles.Lookup lookup,
            Class<?> owner,
            String method,
            FunctionDescriptor descriptor,
            @org.jspecify.annotations.Nullable Object fallback) {
        MethodType type = descriptor.toMethodType();
        try {
            return stub(
                    owner.getSimpleName() + "." + method, lookup.findStatic(owner, method, type), descriptor, fallback);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(owner + "." + method + type + " is not there for an upcall", e);
        }
    }

    /** The same for a handle, which {@code name} describes in the log. */
    public static long stub(
            String name,
            MethodHandle target,
            FunctionDescriptor descriptor,
            @org.jspecify.annotations.Nullable Object fallback) {
        MethodType type = descriptor.toMethodType();
        MethodHandle handler = LOG_VOID.bindTo(name);
        if (type.returnType() != void.class) {
            MethodHandle value = MethodHandles.constant(type.returnType(), fallback);
            handler = MethodHandles.filterReturnValue(handler, value);
        }
        MethodHandle safe = MethodHandles.catchException(
                target, Throwable.class, MethodHandles.dropArguments(handler, 1, type.parameterList()));
        return Linker.nativeLinker()
                .upcallStub(safe, descriptor, Arena.global())
                .address();
    }

    @SuppressWarnings("unused") // by LOG_VOID
    private static void failed(String name, Throwable t) {
        try {
            LOG.log(Level.ERROR, name + " failed in a call from SPDK", t);
        } catch (Throwable ignored) {
            // nothing may leave an upcall, not even a failing logger
        }
    }
}
