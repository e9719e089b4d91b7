// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a fixed number of I/Os in flight from one SPDK thread, and counts them.
 *
 * <p>Thread rule: everything on its SPDK thread, except where stated. All memory is allocated by {@link #open}; in the
 * callback style the loop of I/Os allocates nothing.
 */
final class Job {
    private static final Duration RESET_PERIOD = Duration.ofSeconds(1);
    private static final int BUFFER_ALIGNMENT = 4096;

    final JobSpec spec;
    final SpdkThread thread;
    private final List<DmaBuf> buffers = new ArrayList<>();
    private final List<JobIo> ios = new ArrayList<>();
    private final CompletableFuture<Void> done;
    private final CompletableFuture<StopReason> stopRun;
    private final OffsetSource offsets;

    private @Nullable BdevDesc desc;
    private @Nullable BdevChannel channel;
    private @Nullable Poller resetter;

    /** What is counted in now; what is not measured goes to a counter of its own, so that the loop need not ask. */
    private Counters counters;

    private final Counters measured = new Counters();
    private final Counters discarded = new Counters();

    private volatile boolean draining;
    private int running;
    private long failed;
    private long miscompares;
    private volatile @Nullable String firstFailure;
    private long measureStart;
    private long measureEnd;
    private boolean measuring;

    /**
     * @param stopRun is completed when a failure shall end the whole run
     */
    Job(JobSpec spec, SpdkThread thread, CompletableFuture<StopReason> stopRun) {
        this.spec = spec;
        this.thread = thread;
        this.stopRun = stopRun;
        this.done = thread.runtime().newFuture();
        this.offsets = spec.commonOffsets();
        this.counters = discarded;
    }

    // ---- phases ---------------------------------------------------------------------------------------------------

    /** Opens the device and allocates the memory of all I/Os. */
    void open(BdevManager bdevs, DmaPool pool) throws SpdkException {
        OpenMode mode = spec.workload().isReadOnly() ? OpenMode.READ_ONLY : OpenMode.READ_WRITE;
        BdevDesc d = bdevs.open(spec.bdev(), mode, BdevEventListener.NONE);
        desc = d;
        channel = d.openChannel();
        for (int i = 0; i < spec.queueDepth(); i++) {
            DmaBuf buf = pool.allocate(spec.ioSize(), BUFFER_ALIGNMENT);
            buf.fill((byte) (i + 1));
            buffers.add(buf);
            ios.add(JobIo.create(this, i, buf));
        }
    }

    /** Submits the first I/Os. */
    void start() {
        running = ios.size();
        ios.forEach(JobIo::start);
        if (spec.workload() == Workload.RESET) {
            resetter = thread.poller("perf_reset")
                    .period(RESET_PERIOD)
                    .body(this::reset)
                    .register();
        }
    }

    /** Begins to measure: what was counted before is forgotten. */
    void beginMeasuring() {
        measured.clear();
        ios.forEach(JobIo::beginMeasuring);
        measureStart = thread.runtime().clock().nanoTime();
        measuring = true;
        counters = measured;
    }

    /** Ends what {@link #beginMeasuring} began. */
    void endMeasuring() {
        if (measuring) {
            measureEnd = thread.runtime().clock().nanoTime();
            measuring = false;
            counters = discarded;
            ios.forEach(JobIo::endMeasuring);
        }
    }

    /** Submits nothing more; {@link #done()} follows. */
    void drain() {
        draining = true;
        if (resetter != null) {
            resetter.close();
            resetter = null;
        }
        if (running == 0) {
            close();
        }
    }

    private void close() {
        if (done.isDone()) {
            return;
        }
        if (channel != null) {
            channel.close();
        }
        if (desc != null) {
            desc.close();
        }
        buffers.forEach(DmaBuf::close);
        done.complete(null);
    }

    /** Completes when nothing is in flight and all is closed. Any thread. */
    CompletableFuture<Void> done() {
        return done;
    }

    // ---- for the I/Os ---------------------------------------------------------------------------------------------

    BdevChannel channel() {
        return Objects.requireNonNull(channel);
    }

    OffsetSource offsets() {
        return offsets;
    }

    /** Whether no further I/O shall be submitted. Any thread. */
    boolean isDraining() {
        return draining;
    }

    void count(long latencyNanos) {
        counters.count(latencyNanos);
    }

    /** An I/O went wrong. */
    void ioFailed(IoStatus status, String what, long block) {
        ioFailed(what + " at block " + block + " ended with " + status);
    }

    void ioFailed(String what) {
        failed++;
        // A reset aborts what is in flight: that is what the workload is about.
        if (spec.workload() != Workload.RESET) {
            failure(what, StopReason.FAILURE);
        }
    }

    void miscompare(String what) {
        miscompares++;
        failure("miscompare: " + what, StopReason.MISCOMPARE);
    }

    private void failure(String what, StopReason reason) {
        if (firstFailure == null) {
            firstFailure = "bdev " + spec.bdev() + ": " + what;
        }
        if (!spec.continueOnError()) {
            draining = true;
            stopRun.complete(reason);
        }
    }

    /** One of the I/Os will not come again. */
    void ioStopped() {
        if (--running == 0 && draining) {
            close();
        }
    }

    private Poller.Result reset() {
        running++;
        channel()
                .submitReset(
                        (status, _) -> {
                            if (!status.isSuccess()) {
                                failed++;
                                failure("reset ended with " + status, StopReason.FAILURE);
                            }
                            ioStopped();
                        },
                        null);
        return Poller.Result.BUSY;
    }

    // ---- results --------------------------------------------------------------------------------------------------

    /** How many I/Os have ended in the present phase. Any thread. */
    long liveIos() {
        long sum = counters.liveIos();
        for (JobIo io : ios) {
            sum += io.liveIos();
        }
        return sum;
    }

    /** What went wrong first, or null. Any thread. */
    @Nullable
    String firstFailure() {
        return firstFailure;
    }

    /** The figures, after {@link #endMeasuring}. */
    JobResult result() {
        Counters sum = new Counters();
        sum.add(measured);
        ios.forEach(io -> io.addTo(sum));
        return new JobResult(
                spec, (measureEnd - measureStart) / 1e9, sum.ios(), failed, miscompares, sum.latency, firstFailure);
    }
}
