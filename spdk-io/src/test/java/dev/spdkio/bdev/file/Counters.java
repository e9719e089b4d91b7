// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import java.lang.reflect.Method;

/** The JVM's counters of the calling thread; by reflection, because the module does not read {@code jdk.management}. */
public final class Counters {
    private static final Object THREADS;
    private static final Class<?> BEAN;

    static {
        try {
            THREADS = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            BEAN = Class.forName("com.sun.management.ThreadMXBean");
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Counters() {}

    public static long allocatedBytes() {
        return read("getCurrentThreadAllocatedBytes");
    }

    public static long cpuNanos() {
        return read("getCurrentThreadCpuTime");
    }

    private static long read(String name) {
        try {
            Method method = BEAN.getMethod(name);
            return (long) method.invoke(THREADS);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
