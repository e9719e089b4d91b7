// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.spi.MetadataQueue;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A file, which all openings of it share: its length, what the cache has of it, and its blob while it is open.
 *
 * <p>Thread rule: what is not volatile is under {@link #lock}, or belongs to the metadata thread where it says so.
 * Nobody waits for I/O under the lock.
 */
final class Node {
    /** A file gets as many clusters again as it has, up to so many, so that appending does not resize it often. */
    private static final long MAX_CLUSTERS_AHEAD = 64;

    /** Files of so many bytes get clusters before they need them. */
    private static final long GROWS_SOON_FROM = 8 << 20;

    final BlobFs fs;
    final BlobId id;

    /** Bytes of an io unit. */
    final int unit;

    final ReentrantLock lock = new ReentrantLock();
    final OpQueue queue = new OpQueue();
    private final Map<Long, CacheBuffer> buffers = new HashMap<>();
    private final MetadataQueue metadata;
    private @Nullable CompletableFuture<Void> growing;
    private @Nullable Throwable storeFailure;
    private @Nullable Throwable lastFailure;

    /** Written under the lock. */
    volatile long length;

    volatile String name;
    volatile @Nullable Blob blob;
    volatile boolean deleted;

    /** Clusters, as far as they were known when it was not open. */
    private volatile long clusters;

    /** Data has arrived at the device since it was last flushed. */
    private volatile boolean unflushed;

    /** The length that is on the device. Metadata thread. */
    private long durableLength;

    /** Openings. Metadata thread. */
    int handles;

    /** Whether one that was closed could write, and others are left. Metadata thread. */
    boolean written;

    Node(BlobFs fs, BlobId id, String name, long length, long clusters) {
        this.fs = fs;
        this.id = id;
        this.name = name;
        this.length = length;
        this.durableLength = length;
        this.clusters = clusters;
        this.unit = fs.store().ioUnitSize();
        this.metadata = new MetadataQueue(fs.store().thread(), "file of blob " + id, 1);
    }

    Blob openBlob() {
        Blob b = blob;
        if (b == null) {
            throw new IllegalStateException(this + " is closed: open it again");
        }
        return b;
    }

    FileInfo info() {
        return new FileInfo(name, id, length, clusters() * fs.store().clusterSize());
    }

    /** The clusters it has. Any thread. */
    long clusters() {
        Blob b = blob;
        return b == null ? clusters : b.clusters();
    }

    /** Its blob is open from now on. Metadata thread. */
    void opened(Blob b) {
        blob = b;
    }

    /** Its blob is about to be closed. Metadata thread. */
    void closing() {
        clusters = clusters();
        blob = null;
    }

    void checkWritable() throws SpdkException {
        fs.checkWritable();
    }

    // ---- the cache, under the lock ----------------------------------------------------------------------------------

    @Nullable
    CacheBuffer buffer(long index) {
        return buffers.get(index);
    }

    void forEachBuffer(Consumer<CacheBuffer> body) {
        buffers.values().forEach(body);
    }

    CacheBuffer add(long index, DmaBuf memory) {
        CacheBuffer b = new CacheBuffer(this, index, memory);
        buffers.put(index, b);
        fs.cache().add(b);
        return b;
    }

    void forget(CacheBuffer b) {
        b.gone = true;
        buffers.remove(b.index);
    }

    /** Forgets all that the cache has, whether the device has it or not. */
    void dropCache() {
        lock.lock();
        try {
            for (CacheBuffer b : List.copyOf(buffers.values())) {
                forget(b);
                b.whenIdle(() -> fs.cache().giveBack(b.memory));
            }
        } finally {
            lock.unlock();
        }
    }

    private int unitOf(CacheBuffer b, long at) {
        return (int) ((at - b.start()) / unit);
    }

    boolean isValid(CacheBuffer b, long from, long until) {
        int last = unitOf(b, until - 1);
        return b.valid.nextClearBit(unitOf(b, from)) > last;
    }

    /** Bytes were put into a buffer whose units are complete now. */
    void written(CacheBuffer b, long from, long until) {
        int first = unitOf(b, from);
        int end = unitOf(b, until - 1) + 1;
        b.valid.set(first, end);
        b.dirty.set(first, end);
        extend(until);
        if (b.dirty.cardinality() == b.memory.size() / unit) {
            var _ = store(b);
        }
    }

    void extend(long until) {
        if (until > length) {
            length = until;
        }
    }

    /** Begins to read what a buffer does not have of some bytes, in whole units and not behind the buffer's end. */
    CompletableFuture<Void> load(CacheBuffer b, long from, long until) {
        int first = unitOf(b, from);
        int end = unitOf(b, Math.min(until, b.start() + b.memory.size()) - 1) + 1;
        BitSet units = new BitSet(end);
        units.set(first, end);
        units.andNot(b.valid);
        CompletableFuture<Void> io = transfer(IoType.READ, b, units);
        b.load(units, io);
        return io;
    }

    /** Begins to write what the device does not have of a buffer. */
    CompletableFuture<Void> store(CacheBuffer b) {
        CompletableFuture<Void> io = transfer(IoType.WRITE, b, b.dirty);
        b.store(io);
        return io;
    }

    private CompletableFuture<Void> transfer(IoType type, CacheBuffer b, BitSet units) {
        Blob at = blob;
        if (at == null) {
            return CompletableFuture.failedFuture(new IllegalStateException(this + " is closed"));
        }
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        long base = b.start() / unit;
        for (int from = units.nextSetBit(0); from >= 0; ) {
            int end = units.nextClearBit(from);
            parts.add(fs.lanes().transfer(type, at, b.memory, (long) from * unit, base + from, end - from));
            from = units.nextSetBit(end);
        }
        return parts.size() == 1 ? parts.getFirst() : CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    /** Has whole buffers that the cache does not have read as zeroes. */
    CompletableFuture<Void> zero(long from, long bytes) {
        return fs.lanes().zero(openBlob(), from / unit, bytes / unit);
    }

    /** How a store ended. */
    void stored(@Nullable Throwable failure) {
        storeFailure = failure;
        if (failure == null) {
            unflushed = true;
        } else {
            lastFailure = failure;
        }
    }

    /** Zeroes were written behind the end. */
    void zeroed(long until) {
        unflushed = true;
        extend(until);
    }

    /** Why the last store failed, if it did. */
    @Nullable
    Throwable storeFailure() {
        return storeFailure;
    }

    Throwable lastFailure() {
        Throwable t = lastFailure;
        return t == null ? new SpdkException(Errno.EIO, "the device failed") : t;
    }

    /** Reads a buffer that may be wanted soon, if there is room for it. Without the lock. */
    void readAhead(long index) {
        if (index * BlobFsOptions.BUFFER_BYTES >= length || blob == null) {
            return;
        }
        lock.lock();
        try {
            if (buffers.containsKey(index)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        DmaBuf memory = fs.cache().tryFetch();
        if (memory == null) {
            return;
        }
        lock.lock();
        try {
            long start = index * BlobFsOptions.BUFFER_BYTES;
            if (start < length && blob != null && queue.isQuiet() && !buffers.containsKey(index)) {
                CacheBuffer b = add(index, memory);
                b.ahead = true;
                var _ = load(b, start, length);
                return;
            }
        } finally {
            lock.unlock();
        }
        fs.cache().giveBack(memory);
    }

    // ---- metadata ---------------------------------------------------------------------------------------------------

    /** Bytes that the clusters have room for. Any thread. */
    long capacity() {
        return openBlob().clusters() * fs.store().clusterSize();
    }

    /** Gets clusters before they are needed, for a file that is appended to. Under the lock. */
    void growSoon(long end) throws SpdkException {
        long room = capacity();
        CompletableFuture<Void> before = growing;
        boolean may = before == null || (before.isDone() && !before.isCompletedExceptionally());
        if (may && end > GROWS_SOON_FROM && end > room - room / 4) {
            var _ = grow(room + 1); // if that fails, whoever needs it is told
        }
    }

    /** Gets clusters for a length, and some more. Under the lock. */
    CompletableFuture<Void> grow(long end) throws SpdkException {
        long size = fs.store().clusterSize();
        long needed = (end - 1) / size + 1; // of no more than a long has
        if (needed > BlobOptions.MAX_CLUSTERS) {
            throw Failures.of(
                    Errno.EFBIG, "extending " + this + " to " + end + " bytes", "a blob has no so many clusters");
        }
        CompletableFuture<Void> running = growing;
        if (running != null && !running.isDone()) {
            return running.handle((_, _) -> true).thenAccept(_ -> {}); // whoever waits looks again
        }
        CompletableFuture<Void> grown = metadata.submit(() -> {
            Blob b = openBlob();
            long has = b.clusters();
            if (has >= needed) {
                return Failures.done();
            }
            long free = fs.store().freeClusters();
            long wanted = Math.max(needed, has + Math.min(Math.min(has, MAX_CLUSTERS_AHEAD), free / 8));
            return Steps.orElse(b.resize(wanted), wanted > needed ? () -> b.resize(needed) : null);
        });
        growing = grown;
        return grown;
    }

    /** Flushes what was written, then makes the length durable. */
    CompletableFuture<Void> syncMetadata(long upTo) {
        return metadata.submit(() -> {
            if (!unflushed && upTo == durableLength) {
                return Failures.done();
            }
            Blob b = openBlob();
            unflushed = false;
            return b.sync()
                    .thenCompose(_ -> upTo == durableLength ? Failures.done() : setLength(b, upTo, b::sync))
                    .whenComplete((_, failure) -> {
                        if (failure != null) {
                            unflushed = true;
                        }
                    });
        });
    }

    /** Writes the length, and what else {@code write} does. */
    private CompletableFuture<Void> setLength(Blob b, long value, Steps.Step<Void> write) {
        return Steps.begin(() -> {
                    b.setXattr(FileAttributes.LENGTH, FileAttributes.encode(value));
                    return write.begin();
                })
                .thenRun(() -> durableLength = value);
    }

    /** Makes a shorter length durable, and gives back the clusters behind it. */
    CompletableFuture<Void> shrinkMetadata(long value) {
        return metadata.submit(() -> {
            Blob b = openBlob();
            long size = fs.store().clusterSize();
            long keep = (value + size - 1) / size;
            Steps.Step<Void> write = keep < b.clusters() ? () -> b.resize(keep) : b::sync;
            return value < durableLength ? setLength(b, value, write) : write.begin();
        });
    }

    /** Gives back the clusters that it does not need. It is not written any more. */
    CompletableFuture<Void> trim() {
        return metadata.submit(() -> {
            Blob b = openBlob();
            long size = fs.store().clusterSize();
            long keep = Math.max(1, (Math.max(length, durableLength) + size - 1) / size);
            return keep < b.clusters() ? b.resize(keep) : Failures.done();
        });
    }

    @Override
    public String toString() {
        return "file '" + name + "' of " + fs;
    }
}
