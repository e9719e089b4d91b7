// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for memory of a pool, served first come, first served; so a request for much memory holds up smaller ones
 * behind it, but never starves.
 *
 * <p>Guarded by the lock of the {@link CentralStore}.
 */
final class WaitingList {
    private final DmaPool pool;
    private final CentralStore central;
    private final int limit;
    private final ArrayDeque<Request> requests = new ArrayDeque<>();

    /** The size, for who has not got the lock. */
    private volatile int size;

    WaitingList(DmaPool pool, CentralStore central, int limit) {
        this.pool = pool;
        this.central = central;
        this.limit = limit;
    }

    /** A request for one buffer; then the message that brings it. */
    final class Request implements DmaPool.Waiter, Runnable {
        private final int order;
        private final long bytes;
        private final SpdkThread thread;
        private final Consumer<? super DmaBuf> taker;
        private final @Nullable AllocationSite site = pool.leaks().siteOfRequest();
        private @Nullable DmaBuf buf;

        Request(int order, long bytes, SpdkThread thread, Consumer<? super DmaBuf> taker) {
            this.order = order;
            this.bytes = bytes;
            this.thread = thread;
            this.taker = taker;
        }

        @Override
        public boolean cancel() {
            central.lock.lock();
            try {
                boolean waited = requests.remove(this);
                size = requests.size();
                // Whoever stood behind it may be content with less.
                serveLocked();
                return waited;
            } finally {
                central.lock.unlock();
            }
        }

        @Override
        public void run() {
            DmaBuf b = buf;
            if (b != null) {
                taker.accept(b);
            }
        }
    }

    /** Whether somebody waits: then blocks go to the central store, not to caches. Any thread. */
    boolean isWanted() {
        return size != 0;
    }

    int size() {
        return size;
    }

    void addLocked(Request request) {
        if (requests.size() == limit) {
            throw new LimitExceededException(
                    "maxWaiters",
                    limit,
                    "pool " + pool.name()
                            + ": too many requests wait for memory already; raise limitBytes or submit less");
        }
        requests.add(request);
        size = requests.size();
        serveLocked();
    }

    /** Hands out what there is. */
    void serveLocked() {
        for (Request next = requests.peek(); next != null; next = requests.peek()) {
            Block block = central.takeLocked(next.order);
            if (block == null) {
                return;
            }
            requests.remove();
            size = requests.size();
            next.buf = pool.open(block, next.bytes, central.sampler, next.site);
            if (!next.thread.trySendInternal(next)) {
                // The thread has exited, and nobody has seen the buffer.
                DmaPool.forget(block);
                central.putLocked(block);
            }
        }
    }
}
