// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Bounded waits for tests on real reactors. */
final class Await {
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private Await() {}

    static <T> T value(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    static void latch(CountDownLatch latch, String what) throws InterruptedException {
        if (!latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("not within " + PATIENCE + ": " + what);
        }
    }

    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + PATIENCE + ": " + what);
            }
            Thread.yield();
        }
    }

    static void ended(Thread thread) throws InterruptedException {
        if (!thread.join(PATIENCE)) {
            throw new AssertionError(thread + " has not ended within " + PATIENCE);
        }
    }

    /** A real runtime on every core. */
    static SpdkRuntime runtime(String name) {
        return SpdkRuntime.builder().name(name).cpus(Cores.available()).start();
    }
}
