// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.lang.reflect.Method;

/**
 * Measures what the calling thread allocates on the heap, as {@code com.sun.management.ThreadMXBean} counts it. By
 * reflection, because the module under test does not read {@code jdk.management} and should not start to for a test.
 */
public final class Allocation {
    private static final int MAX_PASSES = 60;

    private static final Object THREADS;
    private static final Method ALLOCATED_BYTES;

    static {
        try {
            THREADS = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            ALLOCATED_BYTES =
                    Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Allocation() {}

    /**
     * Bytes per operation, rounded down: 0 means that nothing is allocated each time. The best pass counts, because the
     * interpreter allocates what compiled code does not; on a busy machine the compiler comes late, so passes go on until
     * one allocates nothing or their number is up.
     */
    public static long bytesPerOperation(int operations, Runnable operation) {
        long best = Long.MAX_VALUE;
        for (int pass = 0; pass < MAX_PASSES && best >= operations; pass++) {
            for (int i = 0; i < operations; i++) {
                operation.run();
            }
            long before = allocatedBytes();
            for (int i = 0; i < operations; i++) {
                operation.run();
            }
            best = Math.min(best, allocatedBytes() - before);
        }
        return best / operations;
    }

    private static long allocatedBytes() {
        try {
            return (long) ALLOCATED_BYTES.invoke(THREADS);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
