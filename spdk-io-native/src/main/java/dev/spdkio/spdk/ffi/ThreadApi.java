// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/thread.h}. */
public final class ThreadApi {
    private static final MethodHandle LIB_INIT =
            Downcall.of("spdk_thread_lib_init_ext", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LIB_FINI = Downcall.ofVoid("spdk_thread_lib_fini");
    private static final MethodHandle CREATE = Downcall.of("spdk_thread_create", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SET = Downcall.criticalVoid("spdk_set_thread", JAVA_LONG);
    private static final MethodHandle POLL = Downcall.of("spdk_thread_poll", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final MethodHandle EXIT = Downcall.of("spdk_thread_exit", JAVA_INT, JAVA_LONG);
    private static final MethodHandle IS_EXITED = Downcall.critical("spdk_thread_is_exited", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle DESTROY = Downcall.ofVoid("spdk_thread_destroy", JAVA_LONG);
    private static final MethodHandle NAME = Downcall.of("spdk_thread_get_name", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CPUMASK = Downcall.of("spdk_thread_get_cpumask", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CPUSET_FMT = Downcall.of("spdk_cpuset_fmt", JAVA_LONG, JAVA_LONG);

    private static final MethodHandle IO_DEVICE_REGISTER =
            Downcall.ofVoid("spdk_io_device_register", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final MethodHandle IO_DEVICE_UNREGISTER =
            Downcall.ofVoid("spdk_io_device_unregister", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_IO_CHANNEL = Downcall.of("spdk_get_io_channel", JAVA_LONG, JAVA_LONG);

    private ThreadApi() {}

    /** {@code spdk_thread_lib_init_ext}. */
    public static int libInit(long op, long opSupported, long messages) {
        try {
            return (int) LIB_INIT.invokeExact(op, opSupported, 0L, messages);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_lib_fini}. */
    public static void libFini() {
        try {
            LIB_FINI.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_create} without a mask; 0 if there is no memory. */
    public static long create(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) CREATE.invokeExact(arena.allocateFrom(name).address(), 0L);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_set_thread}: says as which thread the calling OS thread runs; 0 for none. */
    public static void set(long thread) {
        try {
            SET.invokeExact(thread);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_poll} once. */
    public static int poll(long thread) {
        try {
            return (int) POLL.invokeExact(thread, 0, 0L);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_exit}; as that thread. */
    public static void exit(long thread) {
        try {
            int _ = (int) EXIT.invokeExact(thread);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_is_exited}. */
    public static boolean isExited(long thread) {
        try {
            return (boolean) IS_EXITED.invokeExact(thread);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_destroy}; it has exited. */
    public static void destroy(long thread) {
        try {
            DESTROY.invokeExact(thread);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_thread_get_name}. */
    public static String name(long thread) {
        try {
            return Raw.string((long) NAME.invokeExact(thread));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** The cores of a thread, in hexadecimal; {@code spdk_cpuset_fmt} of {@code spdk_thread_get_cpumask}. */
    public static String cpuMask(long thread) {
        try {
            return Raw.string((long) CPUSET_FMT.invokeExact((long) CPUMASK.invokeExact(thread)));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_io_device_register}: {@code device} is an address that is nobody else's. */
    public static void registerDevice(long device, long create, long destroy, int contextBytes, String name) {
        try (Arena arena = Arena.ofConfined()) {
            IO_DEVICE_REGISTER.invokeExact(
                    device,
                    create,
                    destroy,
                    contextBytes,
                    arena.allocateFrom(name).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_io_device_unregister}, which calls back on this thread when the last channel is gone. */
    public static void unregisterDevice(long device, long callback) {
        try {
            IO_DEVICE_UNREGISTER.invokeExact(device, callback);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_get_io_channel}: one of the current thread; 0 if it cannot be made. */
    public static long ioChannel(long device) {
        try {
            return (long) GET_IO_CHANNEL.invokeExact(device);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
