// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.spdk.ffi.ThreadApi;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/**
 * Where threads run that SPDK creates itself (its NVMe-oF target has one for each poll group): each becomes an
 * SpdkThread of the runtime, on a reactor of its cores, or on any if none of them has one.
 */
final class ThreadPlacement {
    private static final int OP_NEW = 0;
    private static final int EINVAL = 22;

    private static final long OP = Upcall.stub(
            MethodHandles.lookup(),
            ThreadPlacement.class,
            "operation",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT),
            -EINVAL);
    private static final long OP_SUPPORTED = Upcall.stub(
            MethodHandles.lookup(),
            ThreadPlacement.class,
            "supported",
            FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_INT),
            false);

    private static volatile @Nullable SpdkRuntime runtime;
    private static final ThreadLocal<Boolean> OURS = ThreadLocal.withInitial(() -> false);

    private ThreadPlacement() {}

    /** Initialises SPDK's thread library; its threads go to {@code target}. Returns a negative error number or 0. */
    static int init(SpdkRuntime target, long messages) {
        runtime = target;
        return ThreadApi.libInit(OP, OP_SUPPORTED, messages);
    }

    /** A thread that its creator polls; 0 if there is no memory. */
    static long createOurs(String name) {
        OURS.set(true);
        try {
            return ThreadApi.create(name);
        } finally {
            OURS.set(false);
        }
    }

    @SuppressWarnings("unused") // called by SPDK
    private static boolean supported(int op) {
        return op == OP_NEW;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int operation(long thread, int op) {
        if (op != OP_NEW || OURS.get()) {
            return op == OP_NEW ? 0 : -EINVAL;
        }
        SpdkRuntime target = runtime;
        if (target == null) {
            return -EINVAL;
        }
        CpuSet wanted = CpuSet.parse("0x" + ThreadApi.cpuMask(thread)).and(target.cores());
        NativeThread.adopt(
                target.createThread(ThreadApi.name(thread), wanted.isEmpty() ? target.cores() : wanted), thread);
        return 0;
    }
}
