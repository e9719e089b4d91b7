// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** What is said of operations that fail, and how their ends are waited for. */
final class Failures {
    private Failures() {}

    static SpdkException of(int errno, String what, String why) {
        return new SpdkException(errno, what + " failed (" + Errno.name(errno) + "): " + why);
    }

    /** What made something fail. */
    static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return (failure instanceof CompletionException || failure instanceof ExecutionException) && cause != null
                ? cause
                : failure;
    }

    /** The failure of {@code what} because of another, with its number. */
    static SpdkException because(String what, Throwable failure) {
        Throwable cause = cause(failure);
        int errno = cause instanceof SpdkException e && e.errno() != 0 ? e.errno() : Errno.EIO;
        String message = cause.getMessage();
        return new SpdkException(
                errno,
                what + " failed (" + Errno.name(errno) + "): " + (message == null ? cause.toString() : message),
                cause);
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    static CompletableFuture<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    static void complete(CompletableFuture<Void> future) {
        future.complete(null);
    }

    /** Gives {@code to} the end of {@code from}. */
    static <T> CompletableFuture<T> forward(CompletableFuture<T> from, CompletableFuture<T> to) {
        var _ = from.whenComplete((value, failure) -> {
            if (failure == null) {
                to.complete(value);
            } else {
                to.completeExceptionally(cause(failure));
            }
        });
        return to;
    }

    /** Refuses callers that must not wait. */
    static void checkMayWait(SpdkRuntime runtime, String verb, Object what) {
        if (SpdkThread.current() != null) {
            throw new IllegalStateException(
                    verb + " " + what + " would hold a reactor until it is done: use the Async method, or a task");
        }
        if (runtime instanceof SimulatedRuntime && Task.current() == null) {
            throw new IllegalStateException(verb + " " + what
                    + " would wait for a simulated world that only its driver moves: use the Async method, or a task");
        }
    }

    /** Waits for the end, which an interrupt does not cut short. */
    static <T> T await(CompletableFuture<T> future) throws SpdkException {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw thrown(e);
        }
    }

    /** A failure as it is thrown to the caller. */
    static SpdkException thrown(@Nullable Throwable failure) {
        Throwable cause = failure == null ? new IllegalStateException("no cause") : cause(failure);
        return switch (cause) {
            case SpdkException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(cause);
        };
    }
}
