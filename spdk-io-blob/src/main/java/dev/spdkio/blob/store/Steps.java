// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Steps of metadata operations. A step begins I/O and returns its end; what follows runs on the metadata thread, where
 * the I/O ends.
 */
public final class Steps {
    /** A step that may be refused. */
    public interface Step<T> {
        /** Begins it. */
        CompletableFuture<T> begin() throws SpdkException;
    }

    private Steps() {}

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    public static CompletableFuture<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    /** Begins a step; a refusal is its end. */
    public static <T> CompletableFuture<T> begin(Step<T> step) {
        try {
            return step.begin();
        } catch (SpdkException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** What made a step fail. */
    public static Throwable cause(Throwable failure) {
        return BlobstoreBase.cause(failure);
    }

    /** Steps 0 to {@code count} - 1, one after the other until one fails. */
    public static CompletableFuture<Void> each(int count, IntFunction<CompletableFuture<Void>> step) {
        Loop loop = new Loop(count, step);
        loop.run(null);
        return loop.result;
    }

    /** Completes when all have ended, with the first failure if there is one. */
    public static CompletableFuture<Void> all(List<CompletableFuture<Void>> steps) {
        return CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new));
    }

    /** {@link #each}, but some at once. */
    static CompletableFuture<Void> each(int count, int atOnce, IntFunction<CompletableFuture<Void>> step) {
        int rounds = (count + atOnce - 1) / atOnce;
        return each(rounds, round -> {
            List<CompletableFuture<Void>> some = new ArrayList<>();
            for (int i = round * atOnce; i < Math.min(count, (round + 1) * atOnce); i++) {
                some.add(step.apply(i));
            }
            return all(some);
        });
    }

    /** What follows a step, however it ended. */
    public interface Next<T, R> {
        /** Begins it; {@code failure} is null if the step succeeded. */
        CompletableFuture<R> begin(T value, @Nullable Throwable failure);
    }

    /** Goes on after a step, however it ends. */
    @SuppressWarnings("FutureReturnValueIgnored") // it is composed at once
    public static <T, R> CompletableFuture<R> after(CompletableFuture<T> step, Next<T, R> next) {
        return step.handle((value, failure) -> next.begin(value, failure == null ? null : cause(failure)))
                .thenCompose(f -> f);
    }

    /** Undoes what has failed, and fails as it did, whatever becomes of the undoing. */
    public static <T> CompletableFuture<T> undo(CompletableFuture<T> step, Step<Void> undo) {
        return after(
                step,
                (value, failure) -> failure == null
                        ? CompletableFuture.completedFuture(value)
                        : after(begin(undo), (_, _) -> CompletableFuture.failedFuture(failure)));
    }

    /** The end of a step that nothing but a failure comes from. */
    public static CompletableFuture<Void> ended(@Nullable Throwable failure) {
        return failure == null ? done() : CompletableFuture.failedFuture(failure);
    }

    private static final class Loop {
        final CompletableFuture<Void> result = new CompletableFuture<>();
        private final int count;
        private final IntFunction<CompletableFuture<Void>> step;
        private int next;

        Loop(int count, IntFunction<CompletableFuture<Void>> step) {
            this.count = count;
            this.step = step;
        }

        @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
        void run(@Nullable Throwable failure) {
            Throwable bad = failure;
            while (bad == null && next < count) {
                CompletableFuture<Void> f;
                try {
                    f = step.apply(next++);
                } catch (RuntimeException e) {
                    bad = e;
                    break;
                }
                if (!f.isDone()) {
                    var _ = f.whenComplete((_, e) -> run(e));
                    return;
                }
                bad = f.isCompletedExceptionally() ? f.exceptionNow() : null;
            }
            if (bad != null) {
                result.completeExceptionally(cause(bad));
            } else {
                result.complete(null);
            }
        }
    }
}
