// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.sys.Affinity;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Watches the reactors of one runtime from a helper thread: reports callbacks that hold a reactor too long, and frees
 * OS threads that inherited a reactor's pin.
 */
final class Watchdog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Watchdog.class.getName());

    /** How often the process is searched for threads that inherited a pin. */
    private static final long AFFINITY_SCAN_NANOS = 500_000_000L;

    private final SpdkRuntime runtime;
    private final List<ReactorThread> osThreads;
    private final StallDetector[] detectors;
    private final long stallNanos;
    private final Set<Integer> knownThreads = new HashSet<>();
    private final Thread thread;
    private volatile boolean closed;

    private Watchdog(SpdkRuntime runtime, List<ReactorThread> osThreads) {
        this.runtime = runtime;
        this.osThreads = List.copyOf(osThreads);
        this.stallNanos = runtime.limits().stallLimit().toNanos();
        this.detectors = runtime.reactors().stream()
                .map(r -> new StallDetector(r, stallNanos))
                .toArray(StallDetector[]::new);
        this.thread = PlatformRuntime.unpinned(runtime.name() + "-watchdog").newThread(this::run);
    }

    static Watchdog start(SpdkRuntime runtime, List<ReactorThread> osThreads) {
        Watchdog w = new Watchdog(runtime, osThreads);
        w.thread.start();
        return w;
    }

    private void run() {
        long step = stallNanos == 0
                ? AFFINITY_SCAN_NANOS
                : Math.max(1_000_000, Math.min(AFFINITY_SCAN_NANOS, stallNanos / 2));
        long nextScan = runtime.clock().nanoTime();
        long last = nextScan;
        while (!closed) {
            long now = runtime.clock().nanoTime();
            // Whoever overslept this much stood still together with the reactors: a pause of the whole JVM, not a
            // stall.
            boolean paused = now - last > step * 2;
            last = now;
            try {
                if (stallNanos > 0) {
                    for (int i = 0; i < detectors.length; i++) {
                        look(detectors[i], osThreads.get(i), now, paused);
                    }
                }
                if (now >= nextScan) {
                    nextScan = now + AFFINITY_SCAN_NANOS;
                    freePinnedThreads();
                }
            } catch (RuntimeException | Error e) {
                // A name that cannot be printed, a thread that ends under our eyes: never the end of the watch.
                LOG.log(Level.WARNING, "the watchdog of " + runtime.name() + " could not look at everything", e);
            }
            LockSupport.parkNanos(this, step);
        }
    }

    private void look(StallDetector detector, ReactorThread os, long now, boolean paused) {
        if (paused) {
            detector.forget();
            return;
        }
        long held = detector.sample(now);
        if (held > 0) {
            LOG.log(Level.WARNING, detector.report(held, os.getStackTrace()));
        }
    }

    /** Gives threads that stand on exactly one reactor's core, and are no reactor, the whole process's cores back. */
    synchronized void freePinnedThreads() {
        if (!Affinity.isAvailable()) {
            return;
        }
        BitSet process = Affinity.processMask();
        if (process.cardinality() < 2) {
            return;
        }
        Set<Integer> alive = new HashSet<>();
        for (int tid : Affinity.processThreads()) {
            alive.add(tid);
            if (knownThreads.contains(tid) || PinnedThreads.contains(tid)) {
                continue;
            }
            BitSet mask = Affinity.of(tid);
            if (mask.cardinality() == 1 && runtime.reactor(mask.nextSetBit(0)) != null && Affinity.set(tid, process)) {
                LOG.log(Level.DEBUG, "OS thread {0} had inherited the pin to core {1}: freed", tid, mask);
            }
        }
        knownThreads.clear();
        knownThreads.addAll(alive);
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        PlatformRuntime.joinAll(List.of(thread));
    }
}
