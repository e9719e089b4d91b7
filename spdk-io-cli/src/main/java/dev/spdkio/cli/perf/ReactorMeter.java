// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.sys.Affinity;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Measures what the reactors spend: CPU time and heap memory; and whether they were left in peace.
 *
 * <p>Every reactor reads its own counters, so that nothing else of the process is counted. Where tasks run beside the
 * reactors, on the JDK's threads, the whole process is counted instead.
 */
public final class ReactorMeter {
    private static final double NANOS = 1e9;
    private static final String PREEMPTIONS = "nonvoluntary_ctxt_switches:";

    /** The counters of one reactor; the latch orders memory between it and the reader. */
    private static final class Counters {
        long heapBytes;
        long cpuNanos;
        int tid;
        long preemptions;
    }

    /**
     * What was spent.
     *
     * @param heapBytes allocated
     * @param cpuSeconds of all reactors together
     * @param preemptions how often the kernel took a core away from a reactor; 0 where it does not tell
     */
    public record Spent(long heapBytes, double cpuSeconds, long preemptions) {}

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final List<Reactor> reactors;
    private final boolean wholeProcess;
    private final List<Counters> before = new ArrayList<>();
    private final List<Counters> after = new ArrayList<>();

    /**
     * @param wholeProcess whether work is done outside the reactors, too
     */
    public ReactorMeter(SpdkRuntime runtime, boolean wholeProcess) {
        this.reactors = runtime.reactors();
        this.wholeProcess = wholeProcess;
        for (Reactor _ : reactors) {
            before.add(new Counters());
            after.add(new Counters());
        }
    }

    /**
     * Begins to count. Off the reactors.
     *
     * @param begin asks the reactors to begin what is measured; done before they have answered, so that both happen at
     *     the same instant
     */
    public void start(Runnable begin) throws InterruptedException {
        read(before, begin);
    }

    /**
     * What was spent since {@link #start}. Off the reactors.
     *
     * @param end asks the reactors to end what is measured
     */
    public Spent stop(Runnable end) throws InterruptedException {
        read(after, end);
        long heapBytes = 0;
        long cpuNanos = 0;
        long preemptions = 0;
        for (int i = 0; i < after.size(); i++) {
            heapBytes += after.get(i).heapBytes - before.get(i).heapBytes;
            cpuNanos += after.get(i).cpuNanos - before.get(i).cpuNanos;
            preemptions += after.get(i).preemptions - before.get(i).preemptions;
        }
        return new Spent(heapBytes, cpuNanos / NANOS, preemptions);
    }

    private void read(List<Counters> into, Runnable meanwhile) throws InterruptedException {
        if (wholeProcess) {
            Counters c = into.getFirst();
            c.heapBytes = threads.getTotalThreadAllocatedBytes();
            c.cpuNanos = process.getProcessCpuTime();
            meanwhile.run();
            return;
        }
        CountDownLatch done = new CountDownLatch(reactors.size());
        for (int i = 0; i < reactors.size(); i++) {
            Counters c = into.get(i);
            reactors.get(i).send(() -> {
                c.tid = Affinity.gettid();
                c.cpuNanos = threads.getCurrentThreadCpuTime();
                c.heapBytes = threads.getCurrentThreadAllocatedBytes();
                done.countDown();
            });
        }
        meanwhile.run();
        done.await();
        // By the reader, because reading a file allocates.
        into.forEach(c -> c.preemptions = preemptions(c.tid));
    }

    private static long preemptions(int tid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/task/" + tid + "/status"))) {
                if (line.startsWith(PREEMPTIONS)) {
                    return Long.parseLong(line.substring(PREEMPTIONS.length()).strip());
                }
            }
        } catch (IOException e) {
            // Not Linux, or no /proc in this container.
        }
        return 0;
    }
}
