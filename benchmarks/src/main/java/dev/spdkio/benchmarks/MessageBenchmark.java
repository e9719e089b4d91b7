// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** A message to the own thread and a deferred call, sent and run; {@code inFlight} of them share a round. */
public class MessageBenchmark extends ReactorBenchmark {
    /** Messages that are on their way at a time. */
    @Param({"1", "64"})
    public int inFlight;

    private final Runnable message = this::message;
    private final Runnable deferred = this::deferred;
    private int toSend;
    private int toRun;

    /** {@code SpdkThread.send}, on one reactor. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void sendAndRun() throws InterruptedException {
        batch(() -> {
            begin();
            for (int i = 0; i < inFlight; i++) {
                thread.send(message);
            }
        });
    }

    /** {@code SpdkThread.defer}. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void defer() throws InterruptedException {
        batch(() -> {
            begin();
            for (int i = 0; i < inFlight; i++) {
                thread.defer(deferred);
            }
        });
    }

    private void begin() {
        toRun = BATCH;
        toSend = BATCH - inFlight;
    }

    private void message() {
        if (toSend-- > 0) {
            thread.send(message);
        }
        ended();
    }

    private void deferred() {
        if (toSend-- > 0) {
            thread.defer(deferred);
        }
        ended();
    }

    private void ended() {
        if (--toRun == 0) {
            batchOver();
        }
    }
}
