// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.runtime.Poller;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** What it costs to call a poller that finds nothing to do. */
public class PollerBenchmark extends ReactorBenchmark {
    /** Pollers of the thread: the costs of a round are divided by them. */
    @Param({"1", "100", "10000"})
    public int pollers;

    private final List<Poller> registered = new ArrayList<>();
    private long left;

    @Override
    protected void prepare() throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < pollers; i++) {
                registered.add(thread.poller("bench").body(this::poll).register());
            }
        });
    }

    @Override
    protected void dispose() throws InterruptedException {
        onThread(() -> registered.forEach(Poller::close));
    }

    private Poller.Result poll() {
        if (--left == 0) {
            batchOver();
        }
        return Poller.Result.IDLE;
    }

    /** One call. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void call() throws InterruptedException {
        batch(() -> left = BATCH);
    }
}
