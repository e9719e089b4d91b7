// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a channel that end in a future, and those that a task waits for.
 *
 * <p>Thread rule: any thread; a caller that is not on the channel's thread hops there by a message.
 */
final class FutureIo {
    private final BdevChannel channel;

    FutureIo(BdevChannel channel) {
        this.channel = channel;
    }

    /** Arguments that are wrong are thrown; everything else that goes wrong fails the future. */
    CompletableFuture<Void> async(IoType type, @Nullable DmaBuf buf, @Nullable IoVec vec, long block, long count) {
        Long memory = buf != null ? (Long) buf.size() : vec != null ? (Long) vec.totalBytes() : null;
        SpdkThread thread = channel.thread();
        CompletableFuture<Void> future = thread.runtime().newFuture();
        try {
            channel.checks().check(type, !channel.isClosed(), memory, block, count);
        } catch (UnsupportedOperationException e) {
            future.completeExceptionally(new SpdkException(Errno.EOPNOTSUPP, String.valueOf(e.getMessage()), e));
            return future;
        }
        Request request = new Request(type, buf, vec, block, count, future);
        if (thread.isCurrent()) {
            request.run();
        } else {
            request.hold();
            try {
                thread.send(request);
            } catch (RuntimeException e) {
                request.letGo();
                throw e;
            }
        }
        return future;
    }

    /** Waits in a task of the channel's thread. */
    void await(IoType type, @Nullable DmaBuf buf, @Nullable IoVec vec, long block, long count) throws SpdkException {
        SpdkThread thread = channel.thread();
        Task<?> task = Task.current();
        String verb = type.jsonName() + " on bdev " + channel.bdev().name();
        if (task == null || SpdkThread.current() != null) {
            throw new IllegalStateException(verb + " parks its caller, which only a task can: spawn one on SpdkThread "
                    + thread.name() + ", use the Async method, or submit with a completion");
        }
        if (task.thread() != thread) {
            throw new WrongThreadException(verb + ": the channel belongs to SpdkThread " + thread.name() + ", " + task
                    + " to another: open a channel in the task");
        }
        CompletableFuture<Void> future;
        if (thread.runtime().schedulesTasksOnReactors()) {
            try {
                future = Task.call(() -> async(type, buf, vec, block, count));
            } catch (RuntimeException | SpdkException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(verb, e);
            }
        } else {
            future = async(type, buf, vec, block, count);
        }
        Task.await(future);
    }

    private final class Request implements Runnable, IoCompletion {
        private final IoType type;
        private @Nullable DmaBuf buf;
        private @Nullable IoVec vec;
        private final long block;
        private final long count;
        private final CompletableFuture<Void> future;

        /** References of our own to the memory while we are on our way, so that its owner may close his. */
        private List<DmaBuf> held = List.of();

        Request(
                IoType type,
                @Nullable DmaBuf buf,
                @Nullable IoVec vec,
                long block,
                long count,
                CompletableFuture<Void> future) {
            this.type = type;
            this.buf = buf;
            this.vec = vec;
            this.block = block;
            this.count = count;
            this.future = future;
        }

        /** Goes on with references of our own. */
        void hold() {
            List<DmaBuf> references = new ArrayList<>();
            DmaBuf one = buf;
            IoVec many = vec;
            if (one != null) {
                buf = one.retain();
                references.add(buf);
            } else if (many != null) {
                IoVec.Builder copy = IoVec.builder();
                for (int i = 0; i < many.count(); i++) {
                    DmaBuf reference = many.buf(i).retain();
                    references.add(reference);
                    copy.add(reference, many.offset(i), many.length(i));
                }
                vec = copy.build();
            }
            held = references;
        }

        void letGo() {
            held.forEach(DmaBuf::close);
            held = List.of();
        }

        @Override
        public void run() {
            try {
                channel.submit(type, buf, vec, block, count, this);
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
                future.completeExceptionally(status.toException(type.jsonName() + " of " + count + " blocks at block "
                        + block + " of bdev " + channel.bdev().name()));
            }
        }
    }
}
