// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.CompletableFuture;

/**
 * Calls of SPDK's blobstore that end with a callback, as futures.
 *
 * <p>What follows such a future runs on the thread that made the call, in a message of its own and as SPDK's thread: a
 * callback comes in the middle of SPDK's work, or even inside the call, where little may be called.
 */
final class Calls {
    /** {@code void (*)(void *argument, int bserrno)}. */
    static final long STATUS = stub("status", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT));

    /** {@code void (*)(void *argument, X, int bserrno)}, where X is a pointer or an identifier. */
    static final long VALUE = stub("value", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT));

    /** {@code void (*)(void *argument)}. */
    static final long DONE = stub("done", FunctionDescriptor.ofVoid(JAVA_LONG));

    /**
     * How a call ended.
     *
     * @param value the pointer or identifier, if there is one
     * @param errno 0, or the positive error number
     */
    record Result(long value, int errno) {}

    private record Pending(SpdkThread thread, CompletableFuture<Result> result) {}

    /** A call that takes one of the callbacks, and a token as its argument. */
    interface Call {
        /** Makes the call. */
        void start(long token);
    }

    private Calls() {}

    private static long stub(String method, FunctionDescriptor descriptor) {
        return Upcall.stub(MethodHandles.lookup(), Calls.class, method, descriptor, null);
    }

    /** Makes a call as SPDK's thread of {@code thread}, as which the caller runs. */
    static CompletableFuture<Result> start(SpdkThread thread, Call call) {
        Pending pending = new Pending(thread, new CompletableFuture<>());
        NativeThread.enter(thread);
        call.start(Tokens.put(pending));
        return pending.result;
    }

    /** Ends a call whose callback does not come, or has come. SPDK calls back twice in one of its errors. */
    static void finish(long token, long value, int errno) {
        Pending pending = Tokens.take(token, Pending.class);
        if (pending != null) {
            Result result = new Result(value, -errno);
            if (!pending.thread.trySendInternal(() -> complete(pending, result))) {
                pending.result.complete(result);
            }
        }
    }

    private static void complete(Pending pending, Result result) {
        NativeThread.enter(pending.thread);
        pending.result.complete(result);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void status(long token, int errno) {
        finish(token, 0, errno);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void value(long token, long value, int errno) {
        finish(token, value, errno);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void done(long token) {
        finish(token, 0, 0);
    }
}
