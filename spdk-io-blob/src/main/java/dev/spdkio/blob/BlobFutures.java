// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.util.ArrayList;
import java.util.List;
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

    /** References of our own to the memory while we are on our way, so that its owner may close his. */
    private final List<DmaBuf> held = new ArrayList<>(0);

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
        DmaBuf one = buf;
        if (one != null) {
            buf = one.retain();
            held.add(buf);
        }
        IoVec several = vec;
        if (several != null) {
            IoVec.Builder copy = IoVec.builder();
            for (int i = 0; i < several.count(); i++) {
                DmaBuf reference = several.buf(i).retain();
                held.add(reference);
                copy.add(reference, several.offset(i), several.length(i));
            }
            vec = copy.build();
        }
    }

    private void letGo() {
        held.forEach(DmaBuf::close);
        held.clear();
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
        SpdkThread thread = channel.thread();
        Task<?> task = Task.current();
        if (task == null || SpdkThread.current() != null) {
            throw new IllegalStateException(
                    "waiting for I/O on a blob parks its caller, which only a task can: spawn one on SpdkThread "
                            + thread.name() + ", use the Async method, or submit with a completion");
        }
        if (task.thread() != thread) {
            throw new WrongThreadException("the channel belongs to SpdkThread " + thread.name() + ", " + task
                    + " to another: open a channel in the task");
        }
        CompletableFuture<Void> future;
        try {
            future = thread.runtime().schedulesTasksOnReactors() ? Task.call(start) : start.call();
        } catch (RuntimeException | SpdkException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        Void _ = Task.await(future);
    }
}
