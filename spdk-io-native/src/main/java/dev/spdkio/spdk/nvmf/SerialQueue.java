// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.spdk.runtime.NativeThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Does requests one after the other on a thread, each when the one before has ended.
 *
 * <p>Thread rule: requests come from any thread.
 */
final class SerialQueue {
    /** Requests that can wait. */
    private static final int MAX_WAITING = 1024;

    private final SpdkThread thread;
    private final String owner;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean busy;

    /** A queue of requests to {@code owner}, which errors name. */
    SerialQueue(SpdkThread thread, String owner) {
        this.thread = thread;
        this.owner = owner;
    }

    /** Does a request in its turn, as SPDK's thread. */
    <T> CompletableFuture<T> submit(Callable<CompletableFuture<T>> request) {
        CompletableFuture<T> result = thread.runtime().newFuture();
        try {
            thread.send(() -> accept(request, result));
        } catch (IllegalStateException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    private <T> void accept(Callable<CompletableFuture<T>> request, CompletableFuture<T> result) {
        if (waiting.size() == MAX_WAITING) {
            result.completeExceptionally(new LimitExceededException(
                    "waitingRequests", MAX_WAITING, owner + " has no room for a request: wait for earlier ones"));
            return;
        }
        waiting.add(() -> run(request, result));
        next();
    }

    private void next() {
        Runnable request = busy ? null : waiting.poll();
        if (request != null) {
            busy = true;
            request.run();
        }
    }

    private <T> void run(Callable<CompletableFuture<T>> request, CompletableFuture<T> result) {
        NativeThread.enter(thread);
        var _ = attempt(request).whenComplete((value, failure) -> {
            busy = false;
            thread.sendInternal(this::next);
            Async.pass(value, failure, result);
        });
    }

    /** Calls a request; what it throws is how it ends. */
    static <T> CompletableFuture<T> attempt(Callable<CompletableFuture<T>> request) {
        try {
            return request.call();
        } catch (Throwable t) { // whatever a request does, the next must have its turn
            return CompletableFuture.failedFuture(t);
        }
    }
}
