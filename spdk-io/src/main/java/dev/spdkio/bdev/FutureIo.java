// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.HeldMemory;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a channel that end in a future, and those that a task waits for.
 *
 * <p>A future that is done before its request (cancelled, say, or beyond its deadline) gives the request up: it is
 * aborted, if that is possible. Whatever becomes of that, its memory is in flight until the request has ended.
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
        CompletableFuture<Void> future = channel.thread().runtime().newFuture();
        try {
            channel.checks().check(type, !channel.isClosed(), memory, block, count);
        } catch (UnsupportedOperationException e) {
            future.completeExceptionally(new SpdkException(Errno.EOPNOTSUPP, String.valueOf(e.getMessage()), e));
            return future;
        }
        send(new Request(type, buf, vec, block, count, future));
        return future;
    }

    /** The same for a command. */
    <T> CompletableFuture<T> async(Command<T> command) {
        CompletableFuture<T> future = channel.thread().runtime().newFuture();
        try {
            channel.commands().check(command);
        } catch (UnsupportedOperationException e) {
            future.completeExceptionally(new SpdkException(Errno.EOPNOTSUPP, String.valueOf(e.getMessage()), e));
            return future;
        }
        send(new CommandRequest<>(command, future));
        return future;
    }

    private void send(Hop request) {
        request.watch();
        if (channel.thread().isCurrent()) {
            request.run();
        } else {
            request.hold();
            try {
                channel.thread().send(request);
            } catch (RuntimeException e) {
                request.letGo();
                throw e;
            }
        }
    }

    /** Waits in a task of the channel's thread. */
    void await(IoType type, @Nullable DmaBuf buf, @Nullable IoVec vec, long block, long count) throws SpdkException {
        await(type.jsonName(), () -> async(type, buf, vec, block, count));
    }

    /** The same for a command. */
    <T> T await(Command<T> command) throws SpdkException {
        return await(command.type().jsonName(), () -> async(command));
    }

    <T> T await(String what, Callable<CompletableFuture<T>> request) throws SpdkException {
        CompletableFuture<T> future = Task.begin(
                channel.thread(),
                "channel",
                () -> what + " on bdev " + channel.bdev().name(),
                request);
        try {
            return Task.await(future);
        } catch (RuntimeException | SpdkException e) {
            if (!future.cancel(false)) {
                var _ = future.thenAccept(FutureIo::giveBack);
            }
            throw e;
        }
    }

    /** Nobody waits for a result any more. */
    private static void giveBack(@Nullable Object result) {
        if (result instanceof ZeroCopy zcopy) {
            zcopy.close();
        } else if (result instanceof RangeLock lock) {
            lock.close();
        }
    }

    private String name(IoType type, long count, long block) {
        return type.jsonName() + " of " + count + " blocks at block " + block + " of bdev "
                + channel.bdev().name();
    }

    /** A request on its way to the channel's thread. */
    abstract class Hop implements Runnable {
        private final CompletableFuture<?> future;

        /** Whether the channel has the request. On its thread. */
        private boolean submitted;

        /** The neighbours among the thread's {@link OpenFutures}. */
        @Nullable
        Hop before;

        @Nullable
        Hop after;

        /** If we had to come from another thread. */
        private @Nullable HeldMemory held;

        Hop(CompletableFuture<?> future) {
            this.future = future;
        }

        /** Sees to it that the request is given up when the future is done before it. */
        final void watch() {
            var _ = future.whenComplete((_, failure) -> {
                if (failure != null) {
                    channel.thread().trySendInternal(this::giveUp);
                }
            });
        }

        private void giveUp() {
            if (submitted) {
                channel.giveUp(this);
            }
        }

        @Override
        public final void run() {
            if (future.isDone()) {
                letGo(); // given up on the way
                return;
            }
            try {
                submitted = true;
                channel.hub.futures.add(this);
                submit();
            } catch (RuntimeException e) {
                ended();
                future.completeExceptionally(e);
            }
        }

        abstract void submit();

        /** The request has ended, or was never made. */
        final void ended() {
            submitted = false;
            channel.hub.futures.remove(this);
            letGo();
        }

        /** The thread goes, and the request has not ended: nobody will hear of it. Its memory stays in flight. */
        final void abandon() {
            future.completeExceptionally(new SpdkException(
                    Errno.ESHUTDOWN,
                    what() + " has not ended, and its SpdkThread "
                            + channel.thread().name()
                            + " has exited: its memory stays pinned; wait for requests or abort them before exit()"));
        }

        /** What messages call it. */
        abstract String what();

        /** Goes on with references of our own. */
        final void hold() {
            HeldMemory memory = new HeldMemory();
            hold(memory);
            held = memory;
        }

        abstract void hold(HeldMemory memory);

        final void letGo() {
            HeldMemory memory = held;
            if (memory != null) {
                held = null;
                memory.close();
            }
        }
    }

    private final class CommandRequest<T> extends Hop implements ResultCompletion<T> {
        private Command<T> command;
        private final CompletableFuture<T> future;

        CommandRequest(Command<T> command, CompletableFuture<T> future) {
            super(future);
            this.command = command;
            this.future = future;
        }

        @Override
        void hold(HeldMemory memory) {
            command = command.withMemory(memory.hold(command.memory()), memory.hold(command.details().writeData));
        }

        @Override
        void submit() {
            channel.commands().submit(command, this, this);
        }

        @Override
        @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
        public void completed(IoStatus status, @Nullable T result, @Nullable Object ignored) {
            ended();
            if (status.isSuccess()) {
                if (!future.complete(result)) {
                    giveBack(result);
                }
            } else {
                future.completeExceptionally(status.toException(what()));
            }
        }

        @Override
        String what() {
            return name(command.type(), command.count(), command.block());
        }
    }

    private final class Request extends Hop implements IoCompletion {
        private final IoType type;
        private @Nullable DmaBuf buf;
        private @Nullable IoVec vec;
        private final long block;
        private final long count;
        private final CompletableFuture<Void> future;

        Request(
                IoType type,
                @Nullable DmaBuf buf,
                @Nullable IoVec vec,
                long block,
                long count,
                CompletableFuture<Void> future) {
            super(future);
            this.type = type;
            this.buf = buf;
            this.vec = vec;
            this.block = block;
            this.count = count;
            this.future = future;
        }

        @Override
        void hold(HeldMemory memory) {
            buf = memory.hold(buf);
            vec = memory.hold(vec);
        }

        @Override
        void submit() {
            IoVec pieces = vec;
            if (pieces != null) {
                channel.rwVector(type, pieces, block, this, this);
            } else {
                channel.submit(type, buf, 0, block, count, this, this);
            }
        }

        @Override
        @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
        public void completed(IoStatus status, @Nullable Object ignored) {
            ended();
            if (status.isSuccess()) {
                future.complete(null);
            } else {
                future.completeExceptionally(status.toException(what()));
            }
        }

        @Override
        String what() {
            return name(type, count, block);
        }
    }
}
