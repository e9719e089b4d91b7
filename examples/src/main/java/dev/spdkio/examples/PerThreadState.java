// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.IoDevice;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** An I/O device gives every thread a context of its own, and visits them all without a lock. */
public final class PerThreadState {
    private static final int THREADS = 4;

    private PerThreadState() {}

    /** What one thread knows. */
    private static final class Hits {
        private long count;
    }

    /** Runs it. */
    public static void main(String[] args) {
        // docs: runtime-cpus
        CpuSet cpus = CpuSet.of(Cores.available().stream().limit(2).toArray());
        SpdkRuntime.Builder builder = SpdkRuntime.builder().name("cores").cpus(cpus);
        // docs: end
        try (SpdkRuntime runtime = builder.start()) {
            List<SpdkThread> threads = new ArrayList<>();
            // docs: runtime-threads
            for (int i = 0; i < THREADS; i++) {
                threads.add(runtime.createThread("worker " + i)); // round robin over the reactors
            }
            // docs: end
            // docs: device-register
            IoDevice<Hits> device = IoDevice.register(runtime, "hits", thread -> new Hits(), hits -> {});
            List<IoChannel<Hits>> channels = new ArrayList<>();
            for (SpdkThread thread : threads) {
                channels.add(thread.call(device::channel).join());
            }
            // docs: end
            for (IoChannel<Hits> channel : channels) {
                channel.thread().call(() -> channel.context().count += 10).join();
            }
            System.out.println("the sum is " + sum(device, threads.getFirst()).join());
            channels.forEach(IoChannel::close);
            device.unregister().join();
            System.out.println(THREADS + " contexts came, " + device.channelCount() + " are left");
        }
    }

    private static CompletableFuture<Long> sum(IoDevice<Hits> device, SpdkThread thread) {
        CompletableFuture<Long> total = device.runtime().newFuture();
        // docs: device-visit
        long[] sum = {0};
        thread.send(() -> device.forEachChannel(
                visit -> {
                    sum[0] += visit.context().count; // on the channel's own thread
                    visit.next();
                },
                failure -> total.complete(sum[0]))); // back on the calling thread
        // docs: end
        return total;
    }
}
