// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.TaskScheduling;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A benchmark whose work is done by a busy reactor: JMH's own thread hands it a batch and waits, so that the handover
 * is divided by the size of the batch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // set by start
public abstract class ReactorBenchmark {
    /** Operations of one batch: the handover costs some microseconds. */
    public static final int BATCH = 100_000;

    private final Semaphore over = new Semaphore(0);

    /** The runtime, from {@link #prepare} on. */
    protected SpdkRuntime runtime;

    /** A thread on its main reactor, from {@link #prepare} on. */
    protected SpdkThread thread;

    private volatile @Nullable Throwable failure;

    /** Starts the reactors. */
    @Setup
    public final void start() throws Exception {
        runtime = SpdkRuntime.builder()
                .name("bench")
                .cpus(cores())
                .idlePolicy(IdlePolicy.BUSY)
                .taskScheduling(taskScheduling())
                .start();
        thread = runtime.createThread("bench", CpuSet.of(runtime.mainReactor().core()));
        prepare();
    }

    /** Ends them. */
    @TearDown
    public final void stop() throws Exception {
        dispose();
        runtime.close();
    }

    /** The cores of the reactors; by default the last one, for interrupts prefer the first. */
    protected CpuSet cores() {
        int[] all = Cores.available().stream().toArray();
        return CpuSet.of(all[all.length - 1]);
    }

    /** Who schedules tasks. */
    protected TaskScheduling taskScheduling() {
        return TaskScheduling.BEST;
    }

    /** Makes what the benchmark needs; on JMH's thread. */
    protected void prepare() throws Exception {}

    /** Closes what {@link #prepare} made; on JMH's thread. */
    protected void dispose() throws Exception {}

    /** Begins a batch on {@link #thread} and waits until somebody calls {@link #batchOver}. */
    protected final void batch(Runnable begin) throws InterruptedException {
        thread.send(() -> {
            try {
                begin.run();
            } catch (Throwable t) {
                batchFailed(t);
            }
        });
        over.acquire();
        if (failure != null) {
            throw new IllegalStateException("the batch failed", failure);
        }
    }

    /** Runs one piece of code on {@link #thread}. */
    protected final void onThread(Runnable body) throws InterruptedException {
        batch(() -> {
            body.run();
            batchOver();
        });
    }

    /** Ends a batch. Any thread. */
    protected final void batchOver() {
        over.release();
    }

    /** Ends a batch that went wrong. Any thread. */
    protected final void batchFailed(Throwable why) {
        failure = why;
        over.release();
    }
}
