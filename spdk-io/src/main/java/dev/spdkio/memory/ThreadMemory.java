// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.ThreadSlot;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What this package keeps on an SPDK thread: its caches of all pools, and the buffers that others have closed and
 * that it has to release.
 *
 * <p>It is also the identity by which a {@link DmaBuf} knows the thread that owns its plain counter. Buffers that
 * outlive the thread hold this object, but not the thread.
 */
final class ThreadMemory implements AutoCloseable {
    private static final ThreadSlot<ThreadMemory> SLOT = new ThreadSlot<>(ThreadMemory::new);

    /** In {@link #inbox} when the thread has exited. */
    private static final Object GONE = new Object();

    private static final VarHandle INBOX;

    static {
        try {
            INBOX = MethodHandles.lookup().findVarHandle(ThreadMemory.class, "inbox", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Null once the thread has exited. Who reads null sees everything the thread did. */
    volatile @Nullable SpdkThread thread;

    /** The OS thread of a simulation: the only one that runs its SPDK threads and the test around them. */
    private final @Nullable Thread simulationDriver;

    /** By {@link DmaPool#id}. */
    private @Nullable ThreadCache[] caches = new @Nullable ThreadCache[4];

    /** A stack of {@link DmaBuf}s, linked by {@link DmaBuf#nextInInbox}. */
    private volatile @Nullable Object inbox;

    private final Runnable drain = this::drain;

    private ThreadMemory(SpdkThread thread) {
        this.thread = thread;
        this.simulationDriver = thread.runtime() instanceof SimulatedRuntime ? Thread.currentThread() : null;
        var _ = thread.exited().thenRun(this::gone);
    }

    /** That of the given thread. Only on it. */
    static ThreadMemory of(SpdkThread thread) {
        return SLOT.get(thread);
    }

    /** That of the SPDK thread as which the caller runs, or null if it runs as none. */
    static @Nullable ThreadMemory current() {
        SpdkThread t = SpdkThread.current();
        return t == null ? null : SLOT.get(t);
    }

    // ---- caches ----------------------------------------------------------------------------------------------

    /** The cache of a pool, or null if the pool is closed. Only on the thread. */
    @Nullable
    ThreadCache cache(DmaPool pool) {
        int id = pool.id;
        @Nullable ThreadCache[] all = caches;
        if (id < all.length) {
            ThreadCache cache = all[id];
            if (cache != null && cache.pool == pool) {
                return cache;
            }
        }
        return newCache(pool, id);
    }

    private @Nullable ThreadCache newCache(DmaPool pool, int id) {
        ThreadCache cache = pool.lifecycle().newCache(this);
        if (cache != null) {
            if (id >= caches.length) {
                caches = Arrays.copyOf(caches, Math.max(id + 1, caches.length * 2));
            }
            caches[id] = cache;
        }
        return cache;
    }

    /** Forgets the cache of a pool. On the thread, or after its exit. */
    void dropCache(ThreadCache cache) {
        int id = cache.pool.id;
        if (id < caches.length && caches[id] == cache) {
            caches[id] = null;
        }
    }

    // ---- buffers closed elsewhere ----------------------------------------------------------------------------

    /**
     * Whether what this thread did before is known to the caller, and nothing more can come in between: the caller
     * runs as this thread, or as another one of its reactor, or drives the simulation that both belong to. A thread
     * that is moving belongs to neither reactor for this purpose: the new one shows up here only after the last pass
     * on the old one.
     */
    boolean isInOrderWithCaller() {
        SpdkThread t = thread;
        return t != null
                && (t.isCurrent()
                        || (simulationDriver != null
                                ? Thread.currentThread() == simulationDriver
                                : t.reactor().isCurrent()));
    }

    /**
     * Asks the thread to release a buffer that somebody else has closed. Any thread.
     *
     * @return false if the thread has exited: all it did is known to the caller, who may go on himself
     */
    boolean post(DmaBuf buf) {
        Object head;
        do {
            head = inbox;
            if (head == GONE) {
                return false;
            }
            buf.nextInInbox = (DmaBuf) head;
        } while (!INBOX.compareAndSet(this, head, buf));
        if (head == null) {
            // Only the first one calls, and the thread takes all: there is at most one message on its way.
            send(drain);
        }
        return true;
    }

    /**
     * Runs something that belongs to this thread: at once if the caller is {@linkplain #isInOrderWithCaller in order}
     * with it, else by {@link #send}.
     *
     * @return whether it ran at once
     */
    boolean runInOrder(Runnable action) {
        if (isInOrderWithCaller()) {
            action.run();
            return true;
        }
        send(action);
        return false;
    }

    /** Runs a control message on the thread, or after its exit on whichever thread knows of that. Any thread. */
    private void send(Runnable message) {
        SpdkThread t = thread;
        if (t == null) {
            message.run();
        } else if (!t.trySendInternal(message)) {
            var _ = t.exited().thenRun(message);
        }
    }

    private void drain() {
        if (inbox != GONE) {
            releaseAll(INBOX.getAndSet(this, null));
        }
    }

    private static void releaseAll(@Nullable Object head) {
        DmaBuf buf = head == GONE ? null : (DmaBuf) head;
        while (buf != null) {
            DmaBuf next = buf.nextInInbox;
            buf.nextInInbox = null;
            buf.settlePosted();
            buf = next;
        }
    }

    /**
     * The thread is about to exit, and gives everything back. What it still completes while it is taken down may use
     * this object, or a new one, until it is {@link #gone}. On the thread.
     */
    @Override
    public void close() {
        retireCaches();
        drain();
    }

    /** The thread has exited: nobody pins any more as the owner of a plain counter. After its last pass. */
    private void gone() {
        retireCaches();
        // Whoever reads null here, or GONE there, sees all counters as they stay.
        thread = null;
        releaseAll(INBOX.getAndSet(this, GONE));
    }

    private void retireCaches() {
        for (ThreadCache cache : caches) {
            if (cache != null) {
                cache.pool.lifecycle().retire(cache);
            }
        }
    }
}
