// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.sys.Affinity;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The real runtime: one pinned OS thread for each reactor, a watchdog, and unpinned helpers. */
final class PlatformRuntime extends SpdkRuntime {
    private static final Logger LOG = System.getLogger(PlatformRuntime.class.getName());

    private final List<Reactor> reactors;
    private final List<ReactorThread> osThreads = new ArrayList<>();
    private final Reactor main;
    private final HelperThreads offload;
    private final Map<CpuSet, CoreSelector> selectors = new ConcurrentHashMap<>();
    private final TaskScheduler taskScheduler;
    private final AtomicBoolean closed = new AtomicBoolean();
    private @Nullable Watchdog watchdog;

    private PlatformRuntime(Builder b) {
        super(b.name, System::nanoTime, b.limits);
        this.offload = new HelperThreads(
                b.name + "-offload", b.limits.offloadThreads(), b.limits.offloadQueue(), "offloadQueue");
        this.taskScheduler = b.taskScheduling.resolve();
        this.reactors = b.cpus.stream()
                .mapToObj(core -> new Reactor(this, core, b.idlePolicy))
                .toList();
        int mainCore = b.mainCore < 0 ? b.cpus.first() : b.mainCore;
        this.main = reactors.stream()
                .filter(r -> r.core() == mainCore)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("main core " + mainCore
                        + " is not one of the reactor cores " + b.cpus.toListString() + ": choose one of them"));
    }

    static SpdkRuntime start(Builder b) {
        CpuSet missing = b.cpus.and(Cores.available().not());
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("runtime " + b.name + ": cores " + missing.toListString()
                    + " are not available to this process, which may use "
                    + Cores.available().toListString());
        }
        Carriers.startAllUnpinned();
        PlatformRuntime rt = new PlatformRuntime(b);
        rt.startReactors();
        return rt;
    }

    private void startReactors() {
        CountDownLatch started = new CountDownLatch(reactors.size());
        for (Reactor r : reactors) {
            ReactorThread t = new ReactorThread(r, () -> {
                pin(r);
                started.countDown();
                try {
                    r.run();
                } finally {
                    unpin();
                }
            });
            osThreads.add(t);
            t.start();
        }
        boolean interrupted = false;
        while (true) {
            try {
                started.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        watchdog = Watchdog.start(this, osThreads);
    }

    private static void pin(Reactor r) {
        BitSet one = new BitSet();
        one.set(r.core());
        if (Affinity.isAvailable() && Affinity.set(one)) {
            PinnedThreads.add(Affinity.gettid());
        } else {
            LOG.log(Level.INFO, "{0} runs unpinned: this system offers no sched_setaffinity", r.name());
        }
    }

    private static void unpin() {
        if (Affinity.isAvailable()) {
            PinnedThreads.remove(Affinity.gettid());
        }
    }

    @Override
    public List<Reactor> reactors() {
        return reactors;
    }

    @Override
    public Reactor mainReactor() {
        return main;
    }

    @Override
    public Executor offload() {
        return offload;
    }

    @Override
    public BlockingPool blockingPool(String purpose, int threadCount) {
        return new HelperThreads(name() + "-" + purpose, threadCount, Integer.MAX_VALUE, purpose);
    }

    @Override
    CoreSelector selector(CpuSet mask) {
        return selectors.computeIfAbsent(mask, CoreSelector::new);
    }

    @Override
    TaskScheduler taskScheduler() {
        return taskScheduler;
    }

    @Override
    public void close() {
        Execution here = Execution.current();
        if (here != null) {
            throw new IllegalStateException("runtime " + name() + " cannot be closed from " + here.reactor.name()
                    + ": a reactor cannot wait for itself; close it from another OS thread");
        }
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        CompletableFuture<?>[] exits = threads().stream().map(SpdkThread::exit).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(exits).get(limits().exitTimeout().toMillis() + 1000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            LOG.log(Level.WARNING, "runtime " + name() + " stops although threads have not exited: " + threads(), e);
        }
        reactors.forEach(Reactor::stop);
        joinAll(osThreads);
        if (watchdog != null) {
            watchdog.close();
        }
        offload.close();
    }

    static void joinAll(List<? extends Thread> threads) {
        boolean interrupted = false;
        for (Thread t : threads) {
            while (t.isAlive()) {
                try {
                    t.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Threads that shed the affinity of whoever started them before they do anything. */
    static ThreadFactory unpinned(String prefix) {
        java.util.concurrent.atomic.AtomicInteger n = new java.util.concurrent.atomic.AtomicInteger();
        return body -> {
            Thread t = new Thread(
                    () -> {
                        if (Affinity.isAvailable()) {
                            Affinity.set(Affinity.processMask());
                        }
                        body.run();
                    },
                    prefix + "-" + n.getAndIncrement());
            t.setDaemon(true);
            return t;
        };
    }
}
