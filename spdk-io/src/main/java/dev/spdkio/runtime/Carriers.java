// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The JDK's carrier threads of virtual threads. Linux hands a thread's affinity down to the threads it starts, and a
 * carrier is started by whoever first needs it: were that a reactor, the whole JVM's virtual threads would share its
 * core. So the carriers are started before any reactor; {@link Watchdog} frees those that come later.
 */
final class Carriers {
    /** How long a carrier waits for the others at most. */
    private static final long LIMIT_NANOS = 50_000_000;

    private static final AtomicBoolean STARTED = new AtomicBoolean();

    private Carriers() {}

    /** Makes every carrier busy at once, so that all exist. The first time only. */
    static void startAllUnpinned() {
        if (Execution.current() != null || !STARTED.compareAndSet(false, true)) {
            return;
        }
        int carriers = Runtime.getRuntime().availableProcessors();
        CountDownLatch all = new CountDownLatch(carriers);
        // The scheduler may have fewer carriers than there are cores (jdk.virtualThreadScheduler.parallelism).
        long deadline = System.nanoTime() + LIMIT_NANOS;
        for (int i = 0; i < carriers; i++) {
            Thread.ofVirtual().name("spdkio-carrier-warmup-" + i).start(() -> {
                all.countDown();
                while (all.getCount() > 0 && System.nanoTime() - deadline < 0) {
                    // Spinning keeps this carrier, so that the next virtual thread needs another one.
                    Thread.onSpinWait();
                }
            });
        }
    }
}
