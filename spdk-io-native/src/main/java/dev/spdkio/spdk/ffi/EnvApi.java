// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/env.h}. */
public final class EnvApi {
    private static final MethodHandle OPTS_INIT = Downcall.ofVoid("spdk_env_opts_init", JAVA_LONG);
    private static final MethodHandle INIT = Downcall.of("spdk_env_init", JAVA_INT, JAVA_LONG);
    private static final MethodHandle FINI = Downcall.ofVoid("spdk_env_fini");
    private static final MethodHandle DMA_ZMALLOC =
            Downcall.of("spdk_dma_zmalloc", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DMA_FREE = Downcall.ofVoid("spdk_dma_free", JAVA_LONG);

    private static final MethodHandle MEM_REGISTER = Downcall.of("spdk_mem_register", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MEM_UNREGISTER =
            Downcall.of("spdk_mem_unregister", JAVA_INT, JAVA_LONG, JAVA_LONG);

    private EnvApi() {}

    /** {@code spdk_env_opts_init}. */
    public static void optsInit(long opts) {
        try {
            OPTS_INIT.invokeExact(opts);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_env_init}; 0 for {@code opts} starts again in a process where it was started before. */
    public static int init(long opts) {
        try {
            return (int) INIT.invokeExact(opts);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_env_fini}. */
    public static void fini() {
        try {
            FINI.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_dma_zmalloc}; 0 if there is no room. Any thread. */
    public static long dmaZmalloc(long bytes, long alignment) {
        try {
            return (long) DMA_ZMALLOC.invokeExact(bytes, alignment, 0L);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_dma_free}. Any thread. */
    public static void dmaFree(long address) {
        try {
            DMA_FREE.invokeExact(address);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_mem_register}: 0 or a negative error number. Any thread. */
    public static int memRegister(long address, long bytes) {
        try {
            return (int) MEM_REGISTER.invokeExact(address, bytes);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_mem_unregister}: 0 or a negative error number. Any thread. */
    public static int memUnregister(long address, long bytes) {
        try {
            return (int) MEM_UNREGISTER.invokeExact(address, bytes);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
