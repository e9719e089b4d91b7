// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * What devices, threads and channels cost when there are many: heap, and the time to make and to remove them. {@code
 * benchmarks/run --many} prints it.
 */
public final class ManyDevices {
    private static final int DEVICES = 10_000;
    private static final int THREADS = 64;
    private static final int CHANNELS_PER_THREAD = 1_000;
    private static final Duration IDLE = Duration.ofSeconds(5);

    private ManyDevices() {}

    /** Prints the figures. */
    public static void main(String[] args) throws Exception {
        for (int round = 0; round < 2; round++) {
            System.out.println(round == 0 ? "cold:" : "warm:");
            measure();
        }
    }

    private static void measure() throws Exception {
        try (SpdkRuntime runtime = SpdkRuntime.builder()
                .name("many")
                .idlePolicy(IdlePolicy.ADAPTIVE)
                .start()) {
            SpdkThread app = runtime.createThread("app");
            DmaPool pool = DmaPool.builder().name("many").build();
            BdevManager bdevs = BdevManager.create(runtime, app, pool, BdevOptions.DEFAULT);
            step(
                    DEVICES + " null devices",
                    DEVICES,
                    () -> on(app, () -> {
                        for (int i = 0; i < DEVICES; i++) {
                            NullBdev.create(bdevs, new NullBdevOptions("Null" + i, 512, 1 << 20));
                        }
                        return true;
                    }));
            List<SpdkThread> threads = new ArrayList<>();
            step(THREADS + " threads", THREADS, () -> {
                for (int i = 0; i < THREADS; i++) {
                    threads.add(runtime.createThread("t" + i));
                }
                return true;
            });
            List<BdevDesc> descs = new ArrayList<>();
            step(
                    CHANNELS_PER_THREAD + " descriptors",
                    CHANNELS_PER_THREAD,
                    () -> on(app, () -> {
                        for (int i = 0; i < CHANNELS_PER_THREAD; i++) {
                            descs.add(bdevs.open("Null" + i, OpenMode.READ_WRITE, BdevEventListener.NONE));
                        }
                        return true;
                    }));
            int channels = THREADS * CHANNELS_PER_THREAD;
            step(channels + " channels", channels, () -> {
                List<CompletableFuture<?>> opened = new ArrayList<>();
                threads.forEach(t -> opened.add(t.call(() -> {
                    descs.forEach(BdevDesc::openChannel);
                    return true;
                })));
                return CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new))
                        .get();
            });
            idle();
            step("closing " + channels + " channels", channels, () -> {
                descs.forEach(BdevDesc::close);
                for (BdevDesc desc : descs) {
                    desc.closed().get();
                }
                return true;
            });
            step(
                    "removing " + DEVICES + " devices",
                    DEVICES,
                    () -> bdevs.closeAsync().get());
            pool.close();
        }
    }

    private static <T> T on(SpdkThread thread, Callable<T> body) throws Exception {
        return thread.call(body).get();
    }

    private static void step(String what, int count, Callable<?> body) throws Exception {
        long heap = usedHeap();
        long begin = System.nanoTime();
        body.call();
        long nanos = System.nanoTime() - begin;
        long bytes = usedHeap() - heap;
        System.out.printf(
                Locale.ROOT,
                "  %-26s %8.1f ms, %8.2f us each, %8d bytes of heap each%n",
                what,
                nanos / 1e6,
                nanos / 1e3 / count,
                bytes / count);
    }

    private static void idle() throws InterruptedException {
        com.sun.management.OperatingSystemMXBean process =
                (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long before = process.getProcessCpuTime();
        Thread.sleep(IDLE);
        long nanos = process.getProcessCpuTime() - before;
        System.out.printf(Locale.ROOT, "  %-26s %8.2f %% of a core%n", "idle", 100.0 * nanos / IDLE.toNanos());
    }

    private static long usedHeap() {
        Runtime jvm = Runtime.getRuntime();
        System.gc();
        System.gc();
        return jvm.totalMemory() - jvm.freeMemory();
    }
}
