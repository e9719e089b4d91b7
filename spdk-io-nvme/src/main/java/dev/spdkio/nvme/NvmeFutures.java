// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.HeldMemory;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.util.concurrent.Callable;
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
        HeldMemory memory = new HeldMemory();
        DmaBuf held = memory.hold(buf);
        try {
            thread.send(() -> {
                try {
                    submit.submit(held, (status, result, _) -> {
                        memory.close();
                        end(future, what, status, result);
                    });
                } catch (RuntimeException e) {
                    memory.close();
                    future.completeExceptionally(e);
                }
            });
        } catch (RuntimeException e) {
            memory.close();
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
    static <T> T await(SpdkThread thread, Callable<CompletableFuture<T>> start) throws SpdkException {
        return Task.await(Task.begin(thread, "queue pair", () -> "waiting for a command", start));
    }
}
