// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.BlobFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A file as an asynchronous channel. Handlers run on the executor that was given, or on helper threads of the runtime;
 * never in the call. What was begun ends before the channel is closed; to cancel a future does not cut it short.
 *
 * <p>Thread rule: any thread, reactors included for reading, writing and locking.
 */
final class BlobAsyncChannel extends AsynchronousFileChannel {
    private final Handle handle;
    private final Executor executor;
    private final AtomicBoolean closed = new AtomicBoolean();

    BlobAsyncChannel(Handle handle, @Nullable ExecutorService executor) {
        this.handle = handle;
        this.executor = executor != null
                ? executor
                : handle.system().blobFs().app().runtime().offload();
    }

    /** Begins something. */
    private interface Beginning<T> {
        CompletableFuture<T> begin(BlobFile file) throws IOException;
    }

    // ---- reading and writing ----------------------------------------------------------------------------------------

    private CompletableFuture<Integer> reading(ByteBuffer dst, long position) {
        checkPosition(position);
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("reading into a read-only buffer");
        }
        return begin(true, file -> {
            if (!dst.hasRemaining()) {
                return CompletableFuture.completedFuture(0);
            }
            return file.readAsync(MemorySegment.ofBuffer(dst), position).thenApply(bytes -> {
                int n = Math.toIntExact(bytes);
                dst.position(dst.position() + Math.max(0, n));
                return n;
            });
        });
    }

    private CompletableFuture<Integer> writing(ByteBuffer src, long position) {
        checkPosition(position);
        return begin(false, file -> {
            int n = src.remaining();
            CompletableFuture<Void> written = file.writeAsync(MemorySegment.ofBuffer(src), position);
            return (handle.access().synced() ? written.thenCompose(_ -> file.syncAsync()) : written).thenApply(_ -> {
                src.position(src.position() + n);
                return n;
            });
        });
    }

    private <T> CompletableFuture<T> begin(boolean read, Beginning<T> beginning) {
        try {
            BlobFile file = read ? handle.toRead() : handle.toWrite();
            if (closed.get()) {
                throw new ClosedChannelException();
            }
            return beginning.begin(file);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        } catch (IllegalStateException e) {
            if (closed.get()) {
                return CompletableFuture.failedFuture(new AsynchronousCloseException());
            }
            throw e;
        }
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position " + position + " is negative");
        }
    }

    private <T, A> void deliver(CompletableFuture<T> end, A attachment, CompletionHandler<T, ? super A> handler) {
        var _ = end.whenCompleteAsync(
                (value, failure) -> {
                    if (failure == null) {
                        handler.completed(value, attachment);
                    } else {
                        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                        handler.failed(cause == null ? failure : cause, attachment);
                    }
                },
                executor);
    }

    @Override
    public <A> void read(ByteBuffer dst, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
        Objects.requireNonNull(handler, "handler");
        deliver(reading(dst, position), attachment, handler);
    }

    @Override
    public Future<Integer> read(ByteBuffer dst, long position) {
        return reading(dst, position);
    }

    @Override
    public <A> void write(ByteBuffer src, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
        Objects.requireNonNull(handler, "handler");
        deliver(writing(src, position), attachment, handler);
    }

    @Override
    public Future<Integer> write(ByteBuffer src, long position) {
        return writing(src, position);
    }

    // ---- the file as a whole ----------------------------------------------------------------------------------------

    @Override
    public long size() throws IOException {
        checkOpen();
        return handle.file().length();
    }

    @Override
    public AsynchronousFileChannel truncate(long size) throws IOException {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " is negative");
        }
        checkOpen();
        handle.shorten(size);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        checkOpen();
        handle.force();
    }

    private void checkOpen() throws IOException {
        if (closed.get()) {
            throw new ClosedChannelException();
        }
    }

    // ---- locks ------------------------------------------------------------------------------------------------------

    /** As {@link #tryLock}, at once. */
    @Override
    public <A> void lock(
            long position, long size, boolean shared, A attachment, CompletionHandler<FileLock, ? super A> handler) {
        Objects.requireNonNull(handler, "handler");
        deliver(locking(position, size, shared), attachment, handler);
    }

    @Override
    public Future<FileLock> lock(long position, long size, boolean shared) {
        return locking(position, size, shared);
    }

    private CompletableFuture<FileLock> locking(long position, long size, boolean shared) {
        try {
            return CompletableFuture.completedFuture(tryLock(position, size, shared));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        checkOpen();
        return handle.system().locks().take(this, handle.toLock(shared).info().id(), position, size, shared);
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            handle.close(this);
        }
    }

    @Override
    public String toString() {
        return "channel of " + handle.path().toUri();
    }
}
