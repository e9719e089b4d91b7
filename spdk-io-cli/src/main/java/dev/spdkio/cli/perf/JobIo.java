// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Clock;
import dev.spdkio.runtime.SpdkThread;

/**
 * One of the I/Os that a job keeps in flight, with its buffer: when it ends, it begins again at the next offset.
 *
 * <p>Thread rule: as {@link Job}.
 */
abstract class JobIo {
    final Job job;
    private final SpdkThread thread;
    private final Clock clock;
    private final boolean exactClock;

    JobIo(Job job) {
        this.job = job;
        this.thread = job.thread;
        this.clock = job.thread.runtime().clock();
        this.exactClock = job.spec.exactClock();
    }

    /** The time for latencies. */
    final long now() {
        return exactClock ? clock.nanoTime() : thread.now();
    }

    static JobIo create(Job job, int index, DmaBuf buf) {
        if (job.spec.workload().verifies()) {
            return new VerifyIo(job, index, buf);
        }
        return switch (job.spec.style()) {
            case CALLBACK -> new CallbackIo(job, buf);
            case FUTURE -> new FutureIo(job, buf);
            case TASK -> new TaskIo(job, index, buf);
        };
    }

    /** Submits for the first time. */
    abstract void start();

    // Only those that count by themselves need the rest.

    void beginMeasuring() {}

    void endMeasuring() {}

    long liveIos() {
        return 0;
    }

    void addTo(Counters sum) {}
}
