// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.SpdkApp;
import dev.spdkio.cli.CommandFailedException;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.RuntimeLimits;
import dev.spdkio.runtime.SpdkThread;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One run on an application that is up: starts the jobs, lets them warm up, measures, lets them drain.
 *
 * <p>Thread rule: one thread, not of a reactor.
 */
final class PerfRun {
    /** How long the last I/Os may take. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration PROGRESS_PERIOD = Duration.ofMillis(500);

    private final SpdkApp app;
    private final PerfOptions options;
    private final PrintWriter out;
    private final Progress progress;
    private final CompletableFuture<StopReason> stop;
    private final List<Job> jobs = new ArrayList<>();

    /**
     * @param stop ends the run early when it is completed
     */
    PerfRun(SpdkApp app, PerfOptions options, PrintWriter out, Progress progress, CompletableFuture<StopReason> stop) {
        this.app = app;
        this.options = options;
        this.out = out;
        this.progress = progress;
        this.stop = stop;
    }

    /** An application for a run, still without devices. */
    static SpdkApp.Builder application(PerfOptions options, long memoryBytes) {
        return SpdkApp.builder()
                .name("perf")
                .reactorMask(options.cores())
                .idlePolicy(options.idlePolicy())
                .memorySize(memoryBytes)
                // A reactor that was held up shows in the latencies; a warning in their midst would only disturb.
                .limits(RuntimeLimits.DEFAULT.withStallLimit(Duration.ZERO))
                .ignoreSignals();
    }

    PerfResult run() throws InterruptedException {
        return run(1).getLast();
    }

    /** Measures {@code rounds} times, one after the other, while the I/Os go on; fewer if the run ends early. */
    List<PerfResult> run(int rounds) throws InterruptedException {
        List<JobSpec> plan = Plan.of(options, app.bdevs());
        ReactorMeter meter = new ReactorMeter(
                app.runtime(), options.style() == IoStyle.TASK && !app.runtime().schedulesTasksOnReactors());
        List<PerfResult> results = new ArrayList<>();
        ReactorMeter.Spent spent;
        StopReason reason;
        try {
            for (JobSpec spec : plan) {
                open(spec);
                out.println(PerfReport.describe(spec));
            }
            out.flush();
            onEach(Job::start);
            reason = watch("warm-up", options.warmup());
            while (true) {
                // Twice, so that what measuring itself allocates the first time is not counted.
                meter.start(() -> onEach(Job::beginMeasuring));
                meter.start(() -> onEach(Job::beginMeasuring));
                if (reason == StopReason.TIME) {
                    reason = watch("running", options.time());
                }
                spent = meter.stop(() -> onEach(Job::endMeasuring));
                if (reason != StopReason.TIME || results.size() + 1 == rounds) {
                    break;
                }
                results.add(result(spent, reason));
            }
        } finally {
            progress.clear();
            drain();
        }
        if (stop.isDone()) {
            reason = stop.join();
        }
        // The last one tells of failures while draining, too.
        results.add(result(spent, reason));
        return results;
    }

    private PerfResult result(ReactorMeter.Spent spent, StopReason reason) {
        return new PerfResult(
                app.engine().name().toLowerCase(Locale.ROOT),
                options,
                options.cores().count(),
                jobs.stream().map(Job::result).toList(),
                spent,
                reason);
    }

    private void open(JobSpec spec) {
        SpdkThread thread =
                app.runtime().createThread("perf_" + spec.bdev() + "_" + spec.core(), CpuSet.of(spec.core()));
        Job job = new Job(spec, thread, stop);
        jobs.add(job);
        thread.call(() -> {
                    job.open(app.bdevs(), app.dmaPool());
                    return true;
                })
                .join();
    }

    private void onEach(Consumer<Job> action) {
        CompletableFuture<?>[] all = jobs.stream()
                .map(job -> job.thread.call(() -> {
                    action.accept(job);
                    return true;
                }))
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(all).join();
    }

    /** Waits that long, or until the run shall stop, and shows how it goes. */
    private StopReason watch(String phase, Duration duration) throws InterruptedException {
        long start = System.nanoTime();
        long last = start;
        long lastIos = liveIos();
        while (true) {
            long now = System.nanoTime();
            long left = duration.toNanos() - (now - start);
            if (left <= 0) {
                return StopReason.TIME;
            }
            try {
                return stop.get(Math.min(left, PROGRESS_PERIOD.toNanos()), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                now = System.nanoTime();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
            long ios = liveIos();
            double iops = (ios - lastIos) * 1e9 / (now - last);
            progress.show(
                    phase,
                    (now - start) / 1e9,
                    duration.toNanos() / 1e9,
                    Math.max(0, iops),
                    Math.max(0, iops) * options.ioSize() / (1 << 20));
            last = now;
            lastIos = ios;
        }
    }

    private long liveIos() {
        return jobs.stream().mapToLong(Job::liveIos).sum();
    }

    private void drain() throws InterruptedException {
        for (Job job : jobs) {
            job.thread.send(job::drain);
        }
        try {
            CompletableFuture.allOf(jobs.stream().map(Job::done).toArray(CompletableFuture<?>[]::new))
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            List<String> stuck = jobs.stream()
                    .filter(j -> !j.done().isDone())
                    .map(j -> j.spec.bdev())
                    .distinct()
                    .toList();
            throw new CommandFailedException(
                    "I/Os of " + stuck + " have not ended within " + PATIENCE.toSeconds() + " s: the device is stuck");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        CompletableFuture.allOf(jobs.stream().map(j -> j.thread.exit()).toArray(CompletableFuture<?>[]::new))
                .join();
    }
}
