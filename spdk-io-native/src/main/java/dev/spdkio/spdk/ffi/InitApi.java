// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/init.h} and {@code spdk/rpc.h}. */
public final class InitApi {
    /** {@code SPDK_RPC_STARTUP}. */
    public static final int RPC_STARTUP = 1;

    /** {@code SPDK_RPC_RUNTIME}. */
    public static final int RPC_RUNTIME = 2;

    private static final MethodHandle SUBSYSTEM_INIT = Downcall.ofVoid("spdk_subsystem_init", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SUBSYSTEM_FINI = Downcall.ofVoid("spdk_subsystem_fini", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LOAD_CONFIG =
            Downcall.ofVoid("spdk_subsystem_load_config", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_BOOLEAN);
    private static final MethodHandle RPC_INITIALIZE =
            Downcall.of("spdk_rpc_initialize", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle RPC_FINISH = Downcall.ofVoid("spdk_rpc_finish");
    private static final MethodHandle RPC_SET_STATE = Downcall.ofVoid("spdk_rpc_set_state", JAVA_INT);
    private static final MethodHandle RPC_GET_STATE = Downcall.of("spdk_rpc_get_state", JAVA_INT);

    private InitApi() {}

    /** {@code spdk_subsystem_init}; app thread. */
    public static void subsystemInit(long callback, long argument) {
        try {
            SUBSYSTEM_INIT.invokeExact(callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_subsystem_fini}; app thread. */
    public static void subsystemFini(long callback, long argument) {
        try {
            SUBSYSTEM_FINI.invokeExact(callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_subsystem_load_config}, whose text must live until the callback; app thread. */
    public static void loadConfig(long json, long bytes, long callback, long argument, boolean stopOnError) {
        try {
            LOAD_CONFIG.invokeExact(json, bytes, callback, argument, stopOnError);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_rpc_initialize} without a log file; app thread. */
    public static int rpcInitialize(String socket) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) RPC_INITIALIZE.invokeExact(arena.allocateFrom(socket).address(), 0L);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_rpc_finish}; app thread. */
    public static void rpcFinish() {
        try {
            RPC_FINISH.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_rpc_set_state}. */
    public static void rpcSetState(int state) {
        try {
            RPC_SET_STATE.invokeExact(state);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_rpc_get_state}. */
    public static int rpcState() {
        try {
            return (int) RPC_GET_STATE.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
