// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadPendingException;
import java.nio.channels.WritePendingException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A device as two streams, one to read and one to write, each of which goes on where it last ended.
 *
 * <p>Handlers run on the runtime's helper threads.
 */
final class BlockByteStream implements AsynchronousByteChannel {
    private final BlockDevice device;
    private final AtomicBoolean reading = new AtomicBoolean();
    private final AtomicBoolean writing = new AtomicBoolean();
    private volatile boolean open = true;
    private final AtomicLong readPosition;
    private final AtomicLong writePosition;

    BlockByteStream(BlockDevice device, long offset) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset " + offset + " is negative");
        }
        this.device = device;
        this.readPosition = new AtomicLong(offset);
        this.writePosition = new AtomicLong(offset);
    }

    @Override
    public <A> void read(ByteBuffer dst, @Nullable A attachment, CompletionHandler<Integer, ? super A> handler) {
        var _ = read(start(dst), dst).handleAsync((n, failure) -> tell(n, failure, attachment, handler), helpers());
    }

    @Override
    public Future<Integer> read(ByteBuffer dst) {
        return read(start(dst), dst);
    }

    private boolean start(ByteBuffer dst) {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("reading into a read-only buffer");
        }
        if (!reading.compareAndSet(false, true)) {
            throw new ReadPendingException();
        }
        return isOpen();
    }

    private CompletableFuture<Integer> read(boolean isOpen, ByteBuffer dst) {
        CompletableFuture<Integer> work = !isOpen
                ? CompletableFuture.failedFuture(new ClosedChannelException())
                : !dst.hasRemaining()
                        ? CompletableFuture.completedFuture(0)
                        : device.unaligned().read(MemorySegment.ofBuffer(dst), readPosition.get());
        return work.whenComplete((n, _) -> {
            if (n != null && n > 0) {
                dst.position(dst.position() + n);
                readPosition.addAndGet(n);
            }
            reading.set(false);
        });
    }

    @Override
    public <A> void write(ByteBuffer src, @Nullable A attachment, CompletionHandler<Integer, ? super A> handler) {
        var _ = startWrite(src).handleAsync((n, failure) -> tell(n, failure, attachment, handler), helpers());
    }

    @Override
    public Future<Integer> write(ByteBuffer src) {
        return startWrite(src);
    }

    private CompletableFuture<Integer> startWrite(ByteBuffer src) {
        if (device.mode() == OpenMode.READ_ONLY) {
            throw new NonWritableChannelException();
        }
        if (!writing.compareAndSet(false, true)) {
            throw new WritePendingException();
        }
        CompletableFuture<Integer> work = isOpen()
                ? device.unaligned().write(MemorySegment.ofBuffer(src), writePosition.get())
                : CompletableFuture.failedFuture(new ClosedChannelException());
        return work.whenComplete((n, _) -> {
            if (n != null && n > 0) {
                src.position(src.position() + n);
                writePosition.addAndGet(n);
            }
            writing.set(false);
        });
    }

    private java.util.concurrent.Executor helpers() {
        return device.bdevs().runtime().offload();
    }

    private static <A> boolean tell(
            @Nullable Integer n,
            @Nullable Throwable failure,
            @Nullable A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        if (failure != null) {
            handler.failed(
                    failure instanceof CompletionException c && c.getCause() != null ? c.getCause() : failure,
                    attachment);
        } else {
            handler.completed(n, attachment);
        }
        return true;
    }

    @Override
    public boolean isOpen() {
        return open && device.isOpen();
    }

    @Override
    public void close() throws IOException {
        open = false;
    }
}
