// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Calls of SPDK that end with a callback, as futures.
 *
 * <p>What follows such a future runs on the thread that made the call, in a message of its own and as SPDK's thread: a
 * callback comes in the middle of SPDK's work, where little may be called.
 */
public final class Async {
    /** {@code void (*)(void *argument, int status)}: completes with the status. */
    public static final long STATUS = stub("status", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT));

    /** {@code void (*)(void *argument)}: completes with 0. */
    public static final long DONE = stub("done", FunctionDescriptor.ofVoid(JAVA_LONG));

    /** {@code void (*)(int status, void *argument)}: completes with the status. */
    public static final long RC = stub("rc", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG));

    /** {@code void (*)(void *argument, int status, void *object)}: completes with the status. */
    public static final long STATUS_OF = stub("statusOf", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT, JAVA_LONG));

    /** {@code void (*)(void *argument, void *result)}: completes with the address. */
    public static final long POINTER = stub("pointer", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));

    /** {@code void (*)(void *object, void *argument, int status)}: completes with the status. */
    public static final long STATE = stub("state", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT));

    private record Pending(SpdkThread thread, CompletableFuture<Long> result) {}

    /** A call that takes one of the callbacks, and a token as its argument. */
    public interface Call {
        /** Makes the call. */
        void start(long token);
    }

    private Async() {}

    private static long stub(String method, FunctionDescriptor descriptor) {
        return Upcall.stub(MethodHandles.lookup(), Async.class, method, descriptor, null);
    }

    /** Makes a call. On an SpdkThread. */
    public static CompletableFuture<Long> start(Call call) {
        Pending pending = new Pending(SpdkThread.require(), new CompletableFuture<>());
        call.start(Tokens.put(pending));
        return pending.result;
    }

    /** Makes a call that ends with a status; one that is not 0 becomes an exception. On an SpdkThread. */
    public static CompletableFuture<Void> check(Call call, IntFunction<? extends Exception> failure) {
        return start(call)
                .thenCompose(status -> status == 0
                        ? CompletableFuture.completedFuture(null)
                        : CompletableFuture.failedFuture(failure.apply(Math.toIntExact(status))));
    }

    /** Does something on a thread and as SPDK's, which ends later. On any thread. */
    public static <T> CompletableFuture<T> call(SpdkThread thread, Callable<? extends CompletionStage<T>> body) {
        return thread.call(() -> {
                    NativeThread.enter(thread);
                    return (CompletionStage<T>) body.call();
                })
                .thenCompose(later -> later);
    }

    /** Ends a call whose callback does not come. */
    public static void finish(long token, long value) {
        Pending pending = Tokens.take(token, Pending.class);
        if (pending != null && !pending.thread.trySendInternal(() -> complete(pending, value))) {
            pending.result.complete(value);
        }
    }

    private static void complete(Pending pending, long value) {
        NativeThread.enter(pending.thread);
        pending.result.complete(value);
    }

    /** The same value or failure, but what follows runs on {@code thread} and as SPDK's thread. */
    public static <T> CompletableFuture<T> on(SpdkThread thread, CompletionStage<T> stage) {
        CompletableFuture<T> there = new CompletableFuture<>();
        stage.whenComplete((value, failure) -> {
            boolean sent = thread.trySendInternal(() -> {
                NativeThread.enter(thread);
                pass(value, failure, there);
            });
            if (!sent) {
                pass(value, failure, there);
            }
        });
        return there;
    }

    /** Does something after a future has ended in whatever way, and ends as that did. */
    public static <T> CompletableFuture<T> then(CompletableFuture<T> first, Supplier<CompletableFuture<Void>> next) {
        CompletableFuture<T> result = new CompletableFuture<>();
        var _ = first.whenComplete((value, failure) -> {
            var _ = next.get().whenComplete((_, later) -> pass(value, failure == null ? later : failure, result));
        });
        return result;
    }

    /** Completes {@code to} with what another future ended with. */
    public static <T> void pass(T value, Throwable failure, CompletableFuture<? super T> to) {
        if (failure == null) {
            to.complete(value);
        } else {
            to.completeExceptionally(cause(failure));
        }
    }

    /** The failure itself, without what stages put around it. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void status(long token, int status) {
        finish(token, status);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long token) {
        finish(token, 0);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void rc(int status, long token) {
        finish(token, status);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void statusOf(long token, int status, long object) {
        finish(token, status);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void pointer(long token, long result) {
        finish(token, result);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void state(long object, long token, int status) {
        finish(token, status);
    }
}
