// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Runs the metadata operations of a store on its thread: some at a time, begun in the order in which they came.
 *
 * <p>Thread rule: operations come from any thread.
 */
public final class MetadataQueue {
    /** Operations that can wait. */
    public static final int MAX_WAITING = 1 << 14;

    private record Waiting(boolean alone, Runnable body) {}

    private final SpdkThread thread;
    private final String owner;
    private final int most;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private int running;
    private boolean oneAlone;

    /**
     * @param owner the store, for messages
     * @param most operations that run at once
     */
    public MetadataQueue(SpdkThread thread, String owner, int most) {
        this.thread = thread;
        this.owner = owner;
        this.most = most;
    }

    /** Does an operation in its turn. What it throws is how it ends. */
    public <T> CompletableFuture<T> submit(Callable<CompletableFuture<T>> operation) {
        return submit(false, operation);
    }

    /** The same for one beside which no other may run. */
    public <T> CompletableFuture<T> submitAlone(Callable<CompletableFuture<T>> operation) {
        return submit(true, operation);
    }

    private <T> CompletableFuture<T> submit(boolean alone, Callable<CompletableFuture<T>> operation) {
        CompletableFuture<T> result = thread.runtime().newFuture();
        try {
            thread.execute(() -> accept(alone, operation, result));
        } catch (IllegalStateException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    private <T> void accept(boolean alone, Callable<CompletableFuture<T>> operation, CompletableFuture<T> result) {
        if (waiting.size() == MAX_WAITING) {
            result.completeExceptionally(new LimitExceededException(
                    "waitingOperations", MAX_WAITING, owner + " has no room for an operation: wait for earlier ones"));
            return;
        }
        waiting.add(new Waiting(alone, () -> run(operation, result)));
        next();
    }

    private void next() {
        for (Waiting w = waiting.peek(); w != null; w = waiting.peek()) {
            if (oneAlone || running == most || (w.alone && running > 0)) {
                return;
            }
            waiting.remove();
            running++;
            oneAlone = w.alone;
            w.body.run();
        }
    }

    private <T> void run(Callable<CompletableFuture<T>> operation, CompletableFuture<T> result) {
        CompletableFuture<T> attempt;
        try {
            attempt = operation.call();
        } catch (Throwable t) { // whatever an operation does, the next must have its turn
            attempt = CompletableFuture.failedFuture(t);
        }
        var _ = attempt.whenComplete((value, failure) -> {
            Runnable end = () -> ended(value, failure, result);
            if (!thread.trySendInternal(end)) {
                end.run();
            }
        });
    }

    private <T> void ended(T value, Throwable failure, CompletableFuture<T> result) {
        running--;
        oneAlone = false;
        if (failure == null) {
            result.complete(value);
        } else {
            result.completeExceptionally(BlobstoreBase.cause(failure));
        }
        next();
    }
}
