// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.HeldMemory;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.Task;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Requests that end in a future, and those that a task waits for.
 *
 * <p>Thread rule: any thread; a caller that is not on the channel's thread hops there by a message.
 */
final class BlobFutures implements IoCompletion, Runnable {
    private final BlobChannel channel;
    private final IoType type;
    private final Blob blob;
    private @Nullable DmaBuf buf;
    private @Nullable IoVec vec;
    private final long offset;
    private final long count;
    private final CompletableFuture<Void> future;

    /** If we had to come from another thread. */
    private @Nullable HeldMemory held;

    private BlobFutures(
            BlobChannel channel,
            IoType type,
            Blob blob,
            @Nullable DmaBuf buf,
            @Nullable IoVec vec,
            long offset,
            long count) {
        this.channel = channel;
        this.type = type;
        this.blob = blob;
        this.buf = buf;
        this.vec = vec;
        this.offset = offset;
        this.count = vec == null ? count : vec.totalBytes() / channel.store().ioUnitSize();
        this.future = channel.thread().runtime().newFuture();
    }

    /** On the channel's thread what is wrong with the arguments is thrown; elsewhere it fails the future. */
    static CompletableFuture<Void> async(
            BlobChannel channel,
            IoType type,
            Blob blob,
            @Nullable DmaBuf buf,
            @Nullable IoVec vec,
            long offset,
            long count) {
        BlobFutures request = new BlobFutures(channel, type, blob, buf, vec, offset, count);
        if (channel.thread().isCurrent()) {
            request.submit();
            return request.future;
        }
        request.hold();
        try {
            channel.thread().send(request);
        } catch (RuntimeException e) {
            request.letGo();
            throw e;
        }
        return request.future;
    }

    private void hold() {
        HeldMemory memory = new HeldMemory();
        buf = memory.hold(buf);
        vec = memory.hold(vec);
        held = memory;
    }

    private void letGo() {
        HeldMemory memory = held;
        if (memory != null) {
            held = null;
            memory.close();
        }
    }

    private void submit() {
        IoVec several = vec;
        if (several != null) {
            channel.submitVector(type, blob, several, offset, this, null);
        } else {
            channel.submit(type, blob, buf, offset, count, this, null);
        }
    }

    @Override
    public void run() {
        try {
            submit();
        } catch (RuntimeException e) {
            letGo();
            future.completeExceptionally(e);
        }
    }

    @Override
    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    public void completed(IoStatus status, @Nullable Object ignored) {
        letGo();
        if (status.isSuccess()) {
            future.complete(null);
        } else {
            future.completeExceptionally(status.toException(
                    type.jsonName() + " of " + count + " io units at io unit " + offset + " of " + blob));
        }
    }

    /** Waits in a task of the channel's thread. */
    static void await(BlobChannel channel, Callable<CompletableFuture<Void>> start) throws SpdkException {
        Void _ = Task.await(Task.begin(channel.thread(), "channel", () -> "waiting for I/O on a blob", start));
    }
}
