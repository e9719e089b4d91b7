// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** Keeps so many I/Os in flight: each end begins the next. */
public abstract class IoBenchmark extends ReactorBenchmark implements IoCompletion {
    /** I/Os in flight. */
    @Param({"1", "128"})
    public int queueDepth;

    private int toSubmit;
    private int toComplete;

    /** Begins an I/O of 4 KiB, whose end is told here. */
    protected abstract void submit();

    /** An I/O of 4 KiB, from its submission to its callback. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void submitAndComplete() throws InterruptedException {
        batch(() -> {
            toComplete = BATCH;
            toSubmit = BATCH - queueDepth;
            for (int i = 0; i < queueDepth; i++) {
                submit();
            }
        });
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        if (!status.isSuccess()) {
            batchFailed(new CompletionException(status.toString(), null));
            return;
        }
        if (toSubmit-- > 0) {
            submit();
        }
        if (--toComplete == 0) {
            batchOver();
        }
    }
}
