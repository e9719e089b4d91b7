// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a file system's cache, up to {@link BlobFsOptions#cacheBytes}. Who needs a buffer gets the one that was
 * not used for longest, as far as can be told from one look at each to the next, and whose content the device has.
 *
 * <p>Thread rule: any thread. Its lock comes after that of a node; who holds it only tries others.
 */
final class Cache {
    /** Buffers whose writing is begun to make room for one. */
    private static final int STORES_FOR_ROOM = 8;

    private final DmaPool pool;
    private final int limit;
    private final ReentrantLock lock = new ReentrantLock();

    /** Buffers of files, in the order in which they are looked at. */
    private final ArrayDeque<CacheBuffer> ring = new ArrayDeque<>();

    /** Pieces of memory there are. */
    private int made;

    /** Completes when it is worth looking for memory again; there if somebody waits for that. */
    private @Nullable CompletableFuture<Void> room;

    Cache(DmaPool pool, long bytes) {
        this.pool = pool;
        this.limit = (int) (bytes / BlobFsOptions.BUFFER_BYTES);
    }

    /** Bytes of memory it has now. */
    long bytes() {
        lock.lock();
        try {
            return (long) made * BlobFsOptions.BUFFER_BYTES;
        } finally {
            lock.unlock();
        }
    }

    /** Memory for {@code op}, or what to wait for. The caller holds no lock. */
    @Nullable
    Wait fetch(FileOp op) throws SpdkException {
        while (true) {
            lock.lock();
            try {
                DmaBuf fresh = made < limit ? allocate() : null;
                if (fresh != null) {
                    op.spare = fresh;
                    return null;
                }
                Search s = new Search();
                op.spare = s.run();
                if (op.spare != null) {
                    return null;
                }
                if (!s.waits.isEmpty()) {
                    return Wait.of(CompletableFuture.anyOf(s.waits.toArray(CompletableFuture[]::new)));
                }
                if (s.failure != null) {
                    throw Failures.because(
                            "finding room in the cache, all of which could not be written: its content", s.failure);
                }
                if (s.skipped == 0) { // others have taken it all, and put it to use soon
                    if (room == null) {
                        room = new CompletableFuture<>();
                    }
                    return Wait.of(room);
                }
            } finally {
                lock.unlock();
            }
            Thread.onSpinWait(); // somebody copies under the lock of a node
        }
    }

    /** Memory if there is some at once, without waiting. The caller holds no lock. */
    @Nullable
    DmaBuf tryFetch() {
        lock.lock();
        try {
            DmaBuf fresh = made < limit ? allocate() : null;
            return fresh != null ? fresh : new Search().run();
        } finally {
            lock.unlock();
        }
    }

    private @Nullable DmaBuf allocate() {
        DmaBuf buf = pool.tryAllocate(BlobFsOptions.BUFFER_BYTES);
        if (buf != null) {
            made++;
        } else if (made == 0) {
            throw new LimitExceededException(
                    "limitBytes", pool.stats().limitBytes(), "the cache of files gets no memory of " + pool);
        }
        return buf; // without, it does with what it has
    }

    /** One look at all buffers, twice: the first time it forgets who was used. */
    private final class Search {
        final List<CompletableFuture<Void>> waits = new ArrayList<>();

        @Nullable
        Throwable failure;

        int skipped;

        @Nullable
        DmaBuf run() {
            for (int i = 2 * ring.size(); i > 0 && waits.size() < STORES_FOR_ROOM; i--) {
                CacheBuffer b = ring.poll();
                if (b == null) {
                    return null;
                }
                if (b.gone) {
                    continue;
                }
                if (!b.node.lock.tryLock()) {
                    skipped++;
                    ring.add(b);
                    continue;
                }
                try {
                    if (evict(b)) {
                        return b.memory;
                    }
                } finally {
                    b.node.lock.unlock();
                }
                if (!b.gone) {
                    ring.add(b);
                }
            }
            return null;
        }

        private boolean evict(CacheBuffer b) {
            if (b.gone) {
                return false;
            }
            CompletableFuture<Void> io = b.io();
            if (io == null && !b.dirty.isEmpty()) {
                failure = b.node.storeFailure();
                io = failure == null ? b.node.store(b) : null;
            }
            if (io != null) {
                waits.add(io);
                return false;
            }
            if (!b.dirty.isEmpty() || b.referenced) {
                b.referenced = false;
                return false;
            }
            b.node.forget(b);
            return true;
        }
    }

    /** A file has a buffer more. */
    void add(CacheBuffer b) {
        change(() -> ring.add(b));
    }

    /** Memory that is not needed any more. */
    void giveBack(DmaBuf memory) {
        memory.close();
        change(() -> made--);
    }

    private void change(Runnable change) {
        CompletableFuture<Void> told;
        lock.lock();
        try {
            change.run();
            told = room;
            room = null;
        } finally {
            lock.unlock();
        }
        if (told != null) {
            Failures.complete(told);
        }
    }
}
