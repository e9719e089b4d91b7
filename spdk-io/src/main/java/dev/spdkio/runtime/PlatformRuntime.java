// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.sys.Affinity;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    private final CountDownLatch closed = new CountDownLatch(1);
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
        awaitUninterruptibly(started);
        watchdog = Watchdog.start(this, osThreads);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pin(Reactor r) {
        BitSet one = new BitSet();
        one.set(r.core());
        int tid = Affinity.gettid();
        // Known before it is pinned, or the watchdog of another runtime could take the pin away again.
        PinnedThreads.add(tid);
        if (!Affinity.isAvailable() || !Affinity.set(one)) {
            PinnedThreads.remove(tid);
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
        if (Task.current() != null) {
            throw new IllegalStateException("runtime " + name() + " cannot be closed from " + Task.current()
                    + ": it would wait for that task; close it from a thread of your own");
        }
        if (!beginClose()) {
            awaitUninterruptibly(closed);
            return;
        }
        try {
            shutDown();
        } finally {
            closed.countDown();
        }
    }

    private void shutDown() {
        CompletableFuture<?>[] exits = threads().stream().map(SpdkThread::exit).toArray(CompletableFuture<?>[]::new);
        if (!awaitUninterruptibly(
                CompletableFuture.allOf(exits), limits().exitTimeout().plusSeconds(1))) {
            LOG.log(Level.WARNING, "runtime {0} stops although threads have not exited: {1}", name(), threads());
        }
        reactors.forEach(Reactor::stop);
        joinAll(osThreads);
        if (watchdog != null) {
            watchdog.close();
        }
        offload.close();
    }

    /** An interrupt must not cut the exits short, or accepted messages would be lost; it is kept for the caller. */
    private static boolean awaitUninterruptibly(CompletableFuture<?> future, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    future.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException | TimeoutException e) {
                    return false;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** For tests: one look for OS threads that inherited a pin, now. */
    void freePinnedThreads() {
        Objects.requireNonNull(watchdog).freePinnedThreads();
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
