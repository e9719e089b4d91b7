// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Steps of operations on the metadata thread, one after the other. */
final class Steps {
    /** A step that may be refused. */
    interface Step<T> {
        /** Begins it. */
        CompletableFuture<T> begin() throws SpdkException;
    }

    private Steps() {}

    /** Begins a step; a refusal is its end. */
    static <T> CompletableFuture<T> begin(Step<T> step) {
        try {
            return step.begin();
        } catch (SpdkException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Begins a step on a thread. */
    static <T> CompletableFuture<T> on(SpdkThread thread, Step<T> step) {
        CompletableFuture<T> result = thread.runtime().newFuture();
        thread.send(() -> {
            var _ = Failures.forward(begin(step), result);
        });
        return result;
    }

    /** Tries something else, if there is something, where the first failed. */
    @SuppressWarnings("FutureReturnValueIgnored") // it is composed at once
    static <T> CompletableFuture<T> orElse(CompletableFuture<T> first, @Nullable Step<T> second) {
        return second == null
                ? first
                : first.handle((value, failure) ->
                                failure == null ? CompletableFuture.completedFuture(value) : begin(second))
                        .thenCompose(f -> f);
    }

    /** What is to be done with what failed, and how the whole ends then. */
    interface Rescue<T> {
        /** Begins it. */
        CompletableFuture<T> begin(Throwable failure);
    }

    /** Does something about a failure. */
    @SuppressWarnings("FutureReturnValueIgnored") // it is composed at once
    static <T> CompletableFuture<T> rescue(CompletableFuture<T> step, Rescue<T> rescue) {
        return step.handle((value, failure) -> failure == null
                        ? CompletableFuture.completedFuture(value)
                        : rescue.begin(Failures.cause(failure)))
                .thenCompose(f -> f);
    }

    /** Does something with each, one after the other until one fails. */
    static <T> CompletableFuture<Void> each(List<T> all, Function<T, CompletableFuture<Void>> step) {
        CompletableFuture<Void> chain = Failures.done();
        for (T one : all) {
            chain = chain.thenCompose(_ -> step.apply(one));
        }
        return chain;
    }
}
