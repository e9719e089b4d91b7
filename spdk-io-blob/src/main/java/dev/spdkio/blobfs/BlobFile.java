// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An open file for ordinary Java code: any bytes, from any thread. Stands for {@code struct spdk_file}. A file may be
 * open several times; each time is closed by itself, and all see the same content.
 *
 * <p>Writes go into the file system's cache, and from there to the device when a buffer is full, when the cache needs
 * room, or with {@link #sync}. They are seen by all readers when they have ended. Writes to the same bytes, and
 * appends, are done one after the other; a read at the same time sees some of each. Bytes between the old end of a
 * file and a write behind it are zeroes.
 *
 * <p>After {@link #sync}, and after {@link #close} of who could write, what was written before survives a loss of
 * power, as far as the blobstore's device keeps what it has flushed. What failed is told by the next sync, and tried
 * again by the one after that.
 *
 * <p>Three styles: {@code read} waits, {@code readAsync} gives a future, {@code submitRead} calls back on the
 * SpdkThread that submitted it. Memory must not be touched until the end.
 *
 * <p>Thread rule: any thread, but what waits not on a reactor: platform threads, virtual threads and tasks. Waiting is
 * not cut short by an interrupt, which stays set. What calls back is submitted on an SpdkThread. Futures complete on
 * threads of the runtime.
 */
public final class BlobFile implements AutoCloseable {
    /** A file that is read from one end of a read to the beginning of the next for so long is read ahead. */
    static final long READ_AHEAD_AFTER = 128 << 10;

    /** Files up to this part of the cache are kept in it whole. */
    private static final int SMALL_PART = 8;

    private final Node node;
    private final boolean writable;

    /** Operations under way, and one more until {@link #closeAsync}. */
    private final AtomicLong users = new AtomicLong(1);

    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed;

    /** Where the next read begins if the file is read in order, and for how long it has been; guesses. */
    private long nextRead;

    private long inOrder;

    BlobFile(Node node, boolean writable) {
        this.node = node;
        this.writable = writable;
        this.closed = node.fs.runtime().newFuture();
        node.fs.opened(this);
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** The file system. */
    public BlobFs fileSystem() {
        return node.fs;
    }

    /** Its name now; the last one if it was deleted. */
    public String name() {
        return node.name;
    }

    /** Its length in bytes, with what is not synced yet; {@code spdk_file_get_length}. */
    public long length() {
        return node.length;
    }

    /** What is known of it. */
    public FileInfo info() {
        return node.info();
    }

    /** Whether it was opened to be written. */
    public boolean isWritable() {
        return writable;
    }

    /** Whether it was not closed. */
    public boolean isOpen() {
        return !closing.get();
    }

    // ---- reading ----------------------------------------------------------------------------------------------------

    /**
     * Fills {@code target} from byte {@code offset} on; {@code spdk_file_read}.
     *
     * @return the bytes that were read, fewer than wanted at the end of the file, or -1 behind it
     */
    public long read(MemorySegment target, long offset) throws SpdkException {
        ReadOp op = reading(target, offset);
        await("reading", op);
        return op.result();
    }

    /** The same for what remains of {@code target}, whose position moves. */
    public int read(ByteBuffer target, long offset) throws SpdkException {
        if (target.isReadOnly()) {
            throw new java.nio.ReadOnlyBufferException();
        }
        int n = (int) read(MemorySegment.ofBuffer(target), offset);
        target.position(target.position() + Math.max(0, n));
        return n;
    }

    /** {@link #read(MemorySegment, long)} with a future; a shared or global segment, or one on the heap. */
    public CompletableFuture<Long> readAsync(MemorySegment target, long offset) {
        checkShared(target);
        ReadOp op = reading(target, offset);
        return leaving(op.start(op::result));
    }

    /** {@link #read(MemorySegment, long)} with a callback. */
    public void submitRead(MemorySegment target, long offset, FileCompletion completion, @Nullable Object userData) {
        callBack(SpdkThread.require(), readAsync(target, offset), completion, userData);
    }

    private ReadOp reading(MemorySegment target, long offset) {
        checkOffset("reading", offset, target.byteSize());
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("reading into a read-only segment");
        }
        enter();
        long size = target.byteSize();
        inOrder = offset == nextRead ? inOrder + size : 0;
        nextRead = offset + size;
        boolean sequential = inOrder >= READ_AHEAD_AFTER;
        boolean small = node.length <= node.fs.options().cacheBytes() / SMALL_PART;
        return new ReadOp(
                node,
                target,
                offset,
                sequential || small || size >= READ_AHEAD_AFTER,
                sequential ? node.fs.cache().readAhead() : 0,
                sequential && node.fs.cache().isTooLong(node.length));
    }

    // ---- writing ----------------------------------------------------------------------------------------------------

    /**
     * Stores {@code source} from byte {@code offset} on; {@code spdk_file_write}. The file gets longer if need be.
     *
     * @throws SpdkException ENOSPC if there is no room, EFBIG if no blob can be that large
     */
    public void write(MemorySegment source, long offset) throws SpdkException {
        await("writing", writing(source, offset));
    }

    /** The same for what remains of {@code source}, whose position moves to its limit. */
    public void write(ByteBuffer source, long offset) throws SpdkException {
        write(MemorySegment.ofBuffer(source), offset);
        source.position(source.limit());
    }

    /** {@link #write(MemorySegment, long)} with a future; a shared or global segment, or one on the heap. */
    public CompletableFuture<Void> writeAsync(MemorySegment source, long offset) {
        checkShared(source);
        return leaving(writing(source, offset).start(BlobFile::nothing));
    }

    /** {@link #write(MemorySegment, long)} with a callback. */
    public void submitWrite(MemorySegment source, long offset, FileCompletion completion, @Nullable Object userData) {
        SpdkThread caller = SpdkThread.require();
        callBack(caller, writeAsync(source, offset).thenApply(_ -> source.byteSize()), completion, userData);
    }

    /**
     * Stores {@code source} at the end of the file.
     *
     * @return where it begins
     */
    public long append(MemorySegment source) throws SpdkException {
        WriteOp op = appending(source);
        await("appending", op);
        return op.offset();
    }

    /** The same for what remains of {@code source}, whose position moves to its limit. */
    public long append(ByteBuffer source) throws SpdkException {
        long at = append(MemorySegment.ofBuffer(source));
        source.position(source.limit());
        return at;
    }

    /** {@link #append(MemorySegment)} with a future; a shared or global segment, or one on the heap. */
    public CompletableFuture<Long> appendAsync(MemorySegment source) {
        checkShared(source);
        WriteOp op = appending(source);
        return leaving(op.start(op::offset));
    }

    private WriteOp writing(MemorySegment source, long offset) {
        checkOffset("writing", offset, source.byteSize());
        checkMayWrite("writing");
        enter();
        return new WriteOp(node, source, offset);
    }

    private WriteOp appending(MemorySegment source) {
        checkMayWrite("appending to");
        enter();
        return new WriteOp(node, source, WriteOp.END);
    }

    /**
     * Gives it another length; {@code spdk_file_truncate}. What is cut off is gone for good when this ends; what is
     * added reads as zeroes, and is durable after {@link #sync}.
     */
    public void truncate(long length) throws SpdkException {
        await("truncating", truncating(length));
    }

    /** {@link #truncate} with a future. */
    public CompletableFuture<Void> truncateAsync(long length) {
        return leaving(truncating(length).start(BlobFile::nothing));
    }

    private FileOp truncating(long length) {
        checkOffset("truncating", length, 0);
        checkMayWrite("truncating");
        enter();
        return new TruncateOp(node, length);
    }

    /** Makes durable what was written before, whoever wrote it, and the length; {@code spdk_file_sync}. */
    public void sync() throws SpdkException {
        enter();
        await("syncing", new SyncOp(node));
    }

    /** {@link #sync} with a future. */
    public CompletableFuture<Void> syncAsync() {
        enter();
        return leaving(new SyncOp(node).start(BlobFile::nothing));
    }

    // ---- checks -----------------------------------------------------------------------------------------------------

    private void checkOffset(String what, long offset, long size) {
        if (offset < 0 || offset > Long.MAX_VALUE - size) {
            throw new IllegalArgumentException(
                    what + " " + size + " bytes at " + offset + " of " + this + ": no file has them");
        }
    }

    private void checkMayWrite(String what) {
        if (!writable) {
            throw new IllegalStateException(what + " " + this + ", which was opened to be read: open it with WRITE");
        }
    }

    /** A thread that no arena is confined to. */
    private static final Thread NOBODY = Thread.ofVirtual().unstarted(() -> {});

    private void checkShared(MemorySegment memory) {
        if (!memory.isAccessibleBy(NOBODY)) {
            throw new IllegalArgumentException("the segment for " + this
                    + " is confined to its thread, but another may come to it: use a shared arena");
        }
    }

    // ---- ends -------------------------------------------------------------------------------------------------------

    private void await(String what, FileOp op) throws SpdkException {
        try {
            Failures.checkMayWait(node.fs.runtime(), what, this);
            op.run();
        } finally {
            leave();
        }
    }

    private <T> CompletableFuture<T> leaving(CompletableFuture<T> end) {
        return end.whenComplete((_, _) -> leave());
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    private static Void nothing() {
        return null;
    }

    private static void callBack(
            SpdkThread thread, CompletableFuture<Long> end, FileCompletion completion, @Nullable Object userData) {
        thread.beginOperation();
        var _ = end.whenComplete((bytes, failure) -> {
            IoStatus status = failure == null ? IoStatus.SUCCESS : IoStatus.aio(errno(Failures.cause(failure)));
            boolean _ = thread.trySendInternal(() -> {
                thread.endOperation();
                completion.completed(status, failure == null ? bytes : 0, userData);
            });
        });
    }

    private static int errno(Throwable failure) {
        return failure instanceof SpdkException e && e.errno() != 0 ? e.errno() : Errno.EIO;
    }

    private void enter() {
        users.incrementAndGet();
        if (closing.get()) {
            leave();
            throw new IllegalStateException(this + " is closed: open it again");
        }
    }

    private void leave() {
        if (users.decrementAndGet() == 0) {
            CompletableFuture<Void> synced = writable && !node.deleted && node.fs.isLoaded()
                    ? new SyncOp(node).start(BlobFile::nothing)
                    : Failures.done();
            var _ = synced.whenComplete((_, failure) -> {
                var _ = node.fs.names().closed(node, writable, failure).whenComplete((_, worse) -> {
                    node.fs.closed(this);
                    Throwable why = failure != null ? failure : worse;
                    if (why == null) {
                        Failures.complete(closed);
                    } else {
                        closed.completeExceptionally(Failures.cause(why));
                    }
                });
            });
        }
    }

    /**
     * Takes no more operations, and closes when those under way have ended; {@code spdk_file_close}. What was written
     * is synced before, if this could be written. If that fails, the file is closed all the same; what no other opening
     * can sync is lost then. Idempotent.
     */
    public CompletableFuture<Void> closeAsync() {
        if (closing.compareAndSet(false, true)) {
            leave();
        }
        return closed.copy();
    }

    /** {@link #closeAsync}, waiting for it. */
    @Override
    public void close() throws SpdkException {
        Failures.checkMayWait(node.fs.runtime(), "closing", this);
        Void _ = Failures.await(closeAsync());
    }

    @Override
    public String toString() {
        return node.toString();
    }
}
