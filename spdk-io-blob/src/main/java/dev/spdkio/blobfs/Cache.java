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
 * The memory of a file system's cache, up to {@link BlobFsOptions#cacheBytes}. Who needs a buffer gets one that a
 * reader of a long file has left behind; else the one that was not used for longest, as far as can be told from one
 * look at each to the next, and whose content the device has.
 *
 * <p>Thread rule: any thread. Its lock comes after that of a node; who holds it only tries others.
 */
final class Cache {
    /** Buffers whose writing is begun to make room for one. */
    private static final int STORES_FOR_ROOM = 8;

    /** The part of the cache that may be read ahead, so that it is not taken again before it was used. */
    private static final int AHEAD_PART = 4;

    /** A file that is longer than this part of the cache, and read in order, is not kept in it. */
    private static final int KEPT_PART = 2;

    private final DmaPool pool;
    private final int limit;
    private final int readAhead;
    private final ReentrantLock lock = new ReentrantLock();

    /** Buffers of files, in the order in which they are looked at. */
    private final ArrayDeque<CacheBuffer> ring = new ArrayDeque<>();

    /** Those among them that nobody is expected to come back to: their memory is still in the processor's caches. */
    private final ArrayDeque<CacheBuffer> passed = new ArrayDeque<>();

    /** Pieces of memory there are. */
    private int made;

    /** Completes when it is worth looking for memory again; there if somebody waits for that. */
    private @Nullable CompletableFuture<Void> room;

    Cache(DmaPool pool, BlobFsOptions options) {
        this.pool = pool;
        this.limit = (int) (options.cacheBytes() / BlobFsOptions.BUFFER_BYTES);
        this.readAhead = Math.min(options.readAhead(), limit / AHEAD_PART);
    }

    /** Buffers to be read before they are asked for. */
    int readAhead() {
        return readAhead;
    }

    /** Whether what was read of a file of so many bytes, in order, is of no further use. */
    boolean isTooLong(long bytes) {
        return bytes / BlobFsOptions.BUFFER_BYTES > limit / KEPT_PART;
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
            return new Search().run();
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

    /**
     * One look at those that were passed; if they have no memory, and there is none to be made, at all buffers, twice:
     * the first time it forgets who was used.
     */
    private final class Search {
        final List<CompletableFuture<Void>> waits = new ArrayList<>();

        @Nullable
        Throwable failure;

        int skipped;

        @Nullable
        DmaBuf run() {
            for (CacheBuffer b = passed.poll(); b != null; b = passed.poll()) {
                b.passed = false;
                if (!b.gone && !b.referenced && take(b)) {
                    boolean _ = ring.removeLastOccurrence(b); // it has not been there for long
                    return b.memory;
                }
            }
            DmaBuf fresh = made < limit ? allocate() : null;
            return fresh != null ? fresh : look();
        }

        private @Nullable DmaBuf look() {
            for (int i = 2 * ring.size(); i > 0 && waits.size() < STORES_FOR_ROOM; i--) {
                CacheBuffer b = ring.poll();
                if (b == null) {
                    return null;
                }
                if (b.gone) {
                    continue;
                }
                if (take(b)) {
                    return b.memory;
                }
                if (!b.gone) {
                    ring.add(b);
                }
            }
            return null;
        }

        private boolean take(CacheBuffer b) {
            if (!b.node.lock.tryLock()) {
                skipped++;
                return false;
            }
            try {
                return evict(b);
            } finally {
                b.node.lock.unlock();
            }
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

    /** A reader has left a buffer behind. Under the lock of its node. */
    void pass(CacheBuffer b) {
        b.referenced = false;
        change(() -> {
            if (!b.passed) {
                b.passed = true;
                passed.add(b);
            }
        });
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
