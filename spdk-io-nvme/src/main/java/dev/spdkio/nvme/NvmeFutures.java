// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands that end in a future, and those that a task waits for.
 *
 * <p>Thread rule: any thread; a caller that is not on the owner's thread hops there by a message.
 */
final class NvmeFutures {
    private NvmeFutures() {}

    /** Submits with a completion. */
    interface Submit {
        void submit(@Nullable DmaBuf buf, NvmeCompletion completion);
    }

    /** The future has the result. Elsewhere than on {@code thread} the memory is held until the end. */
    static CompletableFuture<Long> async(
            SpdkThread thread, Supplier<String> what, @Nullable DmaBuf buf, Submit submit) {
        CompletableFuture<Long> future = thread.runtime().newFuture();
        if (thread.isCurrent()) {
            submit.submit(buf, (status, result, _) -> end(future, what, status, result));
            return future;
        }
        DmaBuf held = buf == null ? null : buf.retain();
        Runnable letGo = () -> {
            if (held != null) {
                held.close();
            }
        };
        try {
            thread.send(() -> {
                try {
                    submit.submit(held, (status, result, _) -> {
                        letGo.run();
                        end(future, what, status, result);
                    });
                } catch (RuntimeException e) {
                    letGo.run();
                    future.completeExceptionally(e);
                }
            });
        } catch (RuntimeException e) {
            letGo.run();
            throw e;
        }
        return future;
    }

    private static void end(CompletableFuture<Long> future, Supplier<String> what, NvmeStatus status, long result) {
        if (status.isSuccess()) {
            future.complete(result);
        } else {
            future.completeExceptionally(new NvmeException(status, what.get()));
        }
    }

    /** The same future without its result. */
    static CompletableFuture<Void> done(CompletableFuture<Long> future) {
        return future.thenAccept(_ -> {});
    }

    /** Waits in a task of the thread. */
    static <T> T await(SpdkThread thread, Supplier<CompletableFuture<T>> start) throws SpdkException {
        Task<?> task = Task.current();
        if (task == null || SpdkThread.current() != null) {
            throw new IllegalStateException(
                    "waiting for a command parks its caller, which only a task can: spawn one on" + " SpdkThread "
                            + thread.name() + ", use the Async method, or submit with a completion");
        }
        if (task.thread() != thread) {
            throw new WrongThreadException("the queue pair belongs to SpdkThread " + thread.name() + ", " + task
                    + " to another: open a queue pair in the task");
        }
        CompletableFuture<T> future;
        if (thread.runtime().schedulesTasksOnReactors()) {
            try {
                future = Task.call(start::get);
            } catch (RuntimeException | SpdkException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        } else {
            future = start.get();
        }
        return Task.await(future);
    }
}
