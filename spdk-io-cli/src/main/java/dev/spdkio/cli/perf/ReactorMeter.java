// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkRuntime;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Measures what the reactors spend: CPU time and heap memory.
 *
 * <p>Every reactor reads its own counters, so that nothing else of the process is counted. Where tasks run beside the
 * reactors, on the JDK's threads, the whole process is counted instead.
 */
final class ReactorMeter {
    private static final double NANOS = 1e9;

    /** The counters of one reactor; the latch orders memory between it and the reader. */
    private static final class Counters {
        long heapBytes;
        long cpuNanos;
    }

    /**
     * What was spent.
     *
     * @param heapBytes allocated
     * @param cpuSeconds of all reactors together
     */
    record Spent(long heapBytes, double cpuSeconds) {}

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final List<Reactor> reactors;
    private final boolean wholeProcess;
    private final List<Counters> before = new ArrayList<>();
    private final List<Counters> after = new ArrayList<>();

    /**
     * @param wholeProcess whether work is done outside the reactors, too
     */
    ReactorMeter(SpdkRuntime runtime, boolean wholeProcess) {
        this.reactors = runtime.reactors();
        this.wholeProcess = wholeProcess;
        for (Reactor _ : reactors) {
            before.add(new Counters());
            after.add(new Counters());
        }
    }

    /** Begins to count. Off the reactors. */
    void start() throws InterruptedException {
        read(before);
    }

    /** What was spent since {@link #start}. Off the reactors. */
    Spent stop() throws InterruptedException {
        read(after);
        long heapBytes = 0;
        long cpuNanos = 0;
        for (int i = 0; i < after.size(); i++) {
            heapBytes += after.get(i).heapBytes - before.get(i).heapBytes;
            cpuNanos += after.get(i).cpuNanos - before.get(i).cpuNanos;
        }
        return new Spent(heapBytes, cpuNanos / NANOS);
    }

    private void read(List<Counters> into) throws InterruptedException {
        if (wholeProcess) {
            Counters c = into.getFirst();
            c.heapBytes = threads.getTotalThreadAllocatedBytes();
            c.cpuNanos = process.getProcessCpuTime();
            return;
        }
        CountDownLatch done = new CountDownLatch(reactors.size());
        for (int i = 0; i < reactors.size(); i++) {
            Counters c = into.get(i);
            reactors.get(i).send(() -> {
                c.cpuNanos = threads.getCurrentThreadCpuTime();
                c.heapBytes = threads.getCurrentThreadAllocatedBytes();
                done.countDown();
            });
        }
        done.await();
    }
}
