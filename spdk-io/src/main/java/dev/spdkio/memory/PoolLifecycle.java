// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has spread over threads, and how it gets it back: caches, buffers that settle, and everything at its end.
 *
 * <p>A pool ends in four steps: {@link #close} refuses or begins; the caches of all threads come in; the open buffers
 * are revoked, and as no thread can allocate any more, they are all; the last block is back and the memory is
 * unmapped.
 *
 * <p>Any thread. Fields are guarded by the lock of the central store unless they say otherwise.
 */
final class PoolLifecycle {
    private static final Logger LOG = System.getLogger(DmaPool.class.getName());

    /** How long {@link DmaPool#allocate(long)} waits for memory that is on its way back. */
    private static final long RETURN_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private enum State {
        OPEN,
        /** The caches are coming in. */
        CALLING_IN,
        /** The buffers are being revoked, or come in. */
        REVOKING,
        CLOSED
    }

    private final DmaPool pool;
    private final CentralStore central;
    private final CompletableFuture<DmaLeakReport> closed = new CompletableFuture<>();

    /** Changed with the lock, read without. */
    private volatile State state = State.OPEN;

    private final Set<ThreadCache> caches = new LinkedHashSet<>();
    private long retiredHits;
    private boolean revoked;
    private DmaLeakReport report = new DmaLeakReport(0, 0, List.of());

    // Memory on its way back, which allocate() may wait for: buffers that one thread has closed and another has to
    // release,
    // and caches that were told to come in. Not guarded.
    private final LongAdder settlingBuffers = new LongAdder();
    private final LongAdder settlingBytes = new LongAdder();
    private final AtomicInteger callsOut = new AtomicInteger();

    /** Callers of allocate() that wait. */
    private final AtomicInteger sleepers = new AtomicInteger();

    PoolLifecycle(DmaPool pool, CentralStore central) {
        this.pool = pool;
        this.central = central;
    }

    boolean isClosed() {
        return state != State.OPEN;
    }

    void checkOpen() {
        if (state != State.OPEN) {
            throw new IllegalStateException("pool " + pool.name() + " is closed");
        }
    }

    // ---- allocation without a cache --------------------------------------------------------------------------

    /**
     * Takes from the central store. The buffer is made with the lock held, so that the end of the pool finds either the
     * buffer or no block.
     */
    @Nullable
    DmaBuf takeShared(int order, long bytes) {
        if (order == SizeClass.LARGE) {
            return takeLarge(bytes);
        }
        central.lock.lock();
        try {
            checkOpen();
            Block block = central.takeOneLocked(order);
            return block == null ? null : pool.open(block, bytes, central.sampler, null);
        } finally {
            central.lock.unlock();
        }
    }

    private @Nullable DmaBuf takeLarge(long bytes) {
        Block block = central.takeLarge(bytes);
        if (block == null) {
            return null;
        }
        central.lock.lock();
        try {
            if (state == State.OPEN) {
                return pool.open(block, bytes, central.sampler, null);
            }
        } finally {
            central.lock.unlock();
        }
        central.putLarge(block);
        throw new IllegalStateException("pool " + pool.name() + " is closed");
    }

    /**
     * Tries again as long as memory is on its way back; on reactors, which must not wait, once. What is no longer
     * on its way has arrived, so that the question comes before the attempt.
     */
    @Nullable
    DmaBuf takeReturning(int order, long bytes) {
        callIn();
        long left = RETURN_WAIT_NANOS;
        while (true) {
            long seen = central.returns();
            boolean more = isReturning() && left > 0 && Cores.current() < 0;
            DmaBuf buf = takeShared(order, bytes);
            if (buf != null || !more) {
                return buf;
            }
            left = awaitReturn(seen, left);
        }
    }

    private boolean isReturning() {
        return callsOut.get() != 0 || settlingBuffers.sum() != 0;
    }

    /** Waits until something came back after {@code seen}, or nothing is to be expected. Returns the time left. */
    private long awaitReturn(long seen, long nanos) {
        long left = nanos;
        central.lock.lock();
        try {
            sleepers.incrementAndGet();
            while (central.returns() == seen && isReturning() && left > 0) {
                left = central.returned.awaitNanos(left);
            }
            return left;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        } finally {
            sleepers.decrementAndGet();
            central.lock.unlock();
        }
    }

    /** One thing less is on its way. A sleeper counts itself before it looks, so that one of us sees the other. */
    private void wakeSleepers() {
        if (sleepers.get() != 0) {
            central.lock.lock();
            try {
                central.returned.signalAll();
            } finally {
                central.lock.unlock();
            }
        }
    }

    DmaPool.Waiter await(int order, long bytes, SpdkThread thread, Consumer<? super DmaBuf> taker) {
        central.lock.lock();
        try {
            checkOpen();
            WaitingList.Request request = central.waiting.new Request(order, bytes, thread, taker);
            central.waiting.addLocked(request);
            return request;
        } finally {
            central.lock.unlock();
        }
    }

    // ---- buffers that settle ---------------------------------------------------------------------------------

    void settling(long bytes) {
        settlingBuffers.increment();
        settlingBytes.add(bytes);
    }

    void settled(long bytes) {
        settlingBytes.add(-bytes);
        settlingBuffers.decrement();
        wakeSleepers();
    }

    // ---- caches ----------------------------------------------------------------------------------------------

    /** A cache for a thread, or null if the pool is closed. */
    @Nullable
    ThreadCache newCache(ThreadMemory home) {
        central.lock.lock();
        try {
            if (state != State.OPEN) {
                return null;
            }
            ThreadCache cache = new ThreadCache(pool, home, central);
            caches.add(cache);
            return cache;
        } finally {
            central.lock.unlock();
        }
    }

    /**
     * Asks all threads to give back what they have cached, since somebody finds no memory.
     *
     * @return whether something came back at once
     */
    boolean callIn() {
        List<ThreadCache> calls = new ArrayList<>(0);
        central.lock.lock();
        try {
            for (ThreadCache cache : caches) {
                if (!cache.calledIn && cache.bytes() != 0) {
                    cache.calledIn = true;
                    calls.add(cache);
                }
            }
        } finally {
            central.lock.unlock();
        }
        boolean atOnce = false;
        for (ThreadCache cache : calls) {
            callsOut.incrementAndGet();
            atOnce |= cache.home.runInOrder(() -> comeIn(cache));
        }
        return atOnce;
    }

    // When a thread has exited, more than one may find that out and do its work, hence the lock and the looking.

    private void comeIn(ThreadCache cache) {
        central.lock.lock();
        try {
            if (caches.contains(cache)) {
                cache.flush();
            }
            cache.calledIn = false;
        } finally {
            central.lock.unlock();
        }
        callsOut.decrementAndGet();
        wakeSleepers();
    }

    /** Empties a cache for good. On its thread, or after that has exited. */
    void retire(ThreadCache cache) {
        central.lock.lock();
        try {
            if (caches.contains(cache)) {
                cache.retire();
                retiredHits += cache.hits();
                caches.remove(cache);
                cache.home.dropCache(cache);
            }
        } finally {
            central.lock.unlock();
        }
        advance();
    }

    // ---- the end ---------------------------------------------------------------------------------------------

    /** Begins the end, unless that was done before. */
    void close() {
        List<ThreadCache> calls;
        pool.leaks().report();
        central.lock.lock();
        try {
            if (state != State.OPEN) {
                return;
            }
            refuseIfBusy();
            report = survey();
            state = State.CALLING_IN;
            calls = List.copyOf(caches);
        } finally {
            central.lock.unlock();
        }
        if (!report.isEmpty()) {
            LOG.log(Level.WARNING, "pool {0} was closed, but had open buffers: {1}", pool.name(), report);
        }
        calls.forEach(cache -> cache.home.runInOrder(() -> retire(cache)));
        advance();
    }

    /** Completes when the memory is unmapped. */
    CompletableFuture<DmaLeakReport> closed() {
        return closed.copy();
    }

    private void refuseIfBusy() {
        int waiters = central.waiting.size();
        if (waiters != 0) {
            throw new IllegalStateException("pool " + pool.name() + " cannot be closed while " + waiters
                    + " requests wait for its memory: cancel them, or close first what uses the pool");
        }
        List<DmaBuf> busy = new ArrayList<>();
        central.forEachOutLocked(block -> {
            DmaBuf buf = block.buffer();
            if (buf != null && buf.allPins() != 0) {
                busy.add(buf);
            }
        });
        if (!busy.isEmpty()) {
            throw new IllegalStateException("pool " + pool.name() + " cannot be closed while " + busy.size()
                    + " of its buffers are in flight, such as " + busy.getFirst() + ": wait for the I/O to complete");
        }
    }

    /** What is still open, by the place of its allocation. */
    private DmaLeakReport survey() {
        Map<String, DmaLeakReport.Site> sites = new HashMap<>();
        central.forEachOutLocked(block -> {
            DmaBuf buf = block.buffer();
            AllocationSite site = block.site();
            if (buf != null ? buf.isReferenced() : site != null) {
                String where = site == null ? "an unknown place (not tracked)" : site.toString();
                sites.merge(where, new DmaLeakReport.Site(where, 1, block.bytes()), DmaLeakReport.Site::plus);
            }
        });
        List<DmaLeakReport.Site> all = new ArrayList<>(sites.values());
        all.sort(Comparator.comparingLong(DmaLeakReport.Site::bytes)
                .reversed()
                .thenComparing(DmaLeakReport.Site::where));
        return new DmaLeakReport(
                all.stream().mapToLong(DmaLeakReport.Site::buffers).sum(),
                all.stream().mapToLong(DmaLeakReport.Site::bytes).sum(),
                all);
    }

    /** Something came back; if the pool is being closed, that may have been the last. */
    void afterReturn() {
        if (state != State.OPEN) {
            advance();
        }
    }

    private void advance() {
        boolean last = false;
        RuntimeException failure = null;
        central.lock.lock();
        try {
            if (state == State.CALLING_IN && caches.isEmpty()) {
                state = State.REVOKING;
                central.forEachOutLocked(this::revoke);
                revoked = true;
            }
            // While blocks come back from revoke() above, it is not yet time for this.
            if (state == State.REVOKING && revoked && central.outBlocks == 0) {
                state = State.CLOSED;
                last = true;
                central.unmapLocked();
            }
        } catch (RuntimeException e) {
            failure = e;
        } finally {
            central.lock.unlock();
        }
        if (last) {
            PoolIds.release(pool.id);
            if (failure == null) {
                closed.complete(report);
            } else {
                LOG.log(Level.ERROR, "pool " + pool.name() + " cannot be unmapped while C code uses it", failure);
                closed.completeExceptionally(failure);
            }
        }
    }

    private void revoke(Block block) {
        DmaBuf buf = block.buffer();
        if (buf != null) {
            buf.revoke();
        } else {
            pool.free(block, null); // Its buffer was forgotten.
        }
    }

    // ---- statistics ------------------------------------------------------------------------------------------

    DmaPoolStats stats() {
        central.lock.lock();
        try {
            long hits = retiredHits;
            long cachedBytes = 0;
            long cachedBlocks = 0;
            for (ThreadCache cache : caches) {
                hits += cache.hits();
                cachedBytes += cache.bytes();
                cachedBlocks += cache.blocks();
            }
            long notUsedBytes = cachedBytes + settlingBytes.sum();
            return new DmaPoolStats(
                    pool.name(),
                    central.limitBytes,
                    central.mappedBytes,
                    central.peakMappedBytes,
                    Math.max(0, central.outBytes - notUsedBytes),
                    central.peakOutBytes,
                    cachedBytes,
                    settlingBytes.sum(),
                    Math.max(0, central.outBlocks - cachedBlocks - settlingBuffers.sum()),
                    hits + central.hits,
                    hits,
                    central.hits,
                    central.failures,
                    central.slabCountLocked(),
                    central.largeCountLocked(),
                    central.waiting.size(),
                    pool.leaks().found(),
                    central.pagesLocked());
        } finally {
            central.lock.unlock();
        }
    }
}
