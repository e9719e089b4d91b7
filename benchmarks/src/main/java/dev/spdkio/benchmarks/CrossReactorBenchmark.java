// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkThread;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Messages between two reactors, which need two cores, and better a third for JMH. */
@SuppressWarnings("NullAway.Init") // set by prepare
public class CrossReactorBenchmark extends ReactorBenchmark {
    private static final int BURST = 256;

    private final Runnable ping = this::ping;
    private final Runnable pong = this::pong;
    private final Runnable pump = this::pump;
    private final Runnable received = this::received;
    private SpdkThread other;
    private int toHop;
    private int toSend;
    private int toReceive;

    @Override
    protected CpuSet cores() {
        int[] all = Cores.available().stream().toArray();
        if (all.length < 2) {
            throw new IllegalStateException("this benchmark needs two cores, and this process may use one");
        }
        return CpuSet.of(all[all.length - 2], all[all.length - 1]);
    }

    @Override
    protected void prepare() {
        int main = runtime.mainReactor().core();
        int second = cores().stream().filter(core -> core != main).findFirst().orElseThrow();
        other = runtime.createThread("other", CpuSet.of(second));
    }

    /** One message on its way, to and fro: the time of one way. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void pingPong() throws InterruptedException {
        batch(() -> {
            toHop = BATCH;
            other.send(ping);
        });
    }

    private void ping() {
        toHop--;
        thread.send(pong);
    }

    private void pong() {
        if (--toHop > 0) {
            other.send(ping);
        } else {
            batchOver();
        }
    }

    /** As many messages as the receiver takes. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void stream() throws InterruptedException {
        batch(() -> {
            toSend = BATCH;
            toReceive = BATCH;
            pump();
        });
    }

    private void pump() {
        for (int i = 0; i < BURST && toSend > 0 && other.trySend(received); i++) {
            toSend--;
        }
        if (toSend > 0) {
            thread.defer(pump);
        }
    }

    private void received() {
        if (--toReceive == 0) {
            batchOver();
        }
    }
}
