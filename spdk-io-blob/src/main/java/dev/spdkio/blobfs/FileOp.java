// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An operation on a file: goes, each under the node's lock, until there is nothing left to do or something to wait for.
 * Those that conflict with it and come later wait for its end.
 *
 * <p>Thread rule: one thread at a time: the caller's, or helpers of the runtime.
 */
abstract class FileOp {
    /** What it conflicts with. */
    enum Kind {
        /** Nothing but {@link #EXCLUSIVE}. */
        READ,
        /** Writes to the same bytes. */
        WRITE,
        /** Nothing but {@link #EXCLUSIVE}. */
        SYNC,
        /** Everything. */
        EXCLUSIVE
    }

    final Node node;
    private final Kind kind;

    /** Whether it has a place in the queue, and its end, if somebody waits for that; the queue's. */
    boolean queued;

    @Nullable
    CompletableFuture<Void> ended;

    /** The bytes of a {@link Kind#WRITE}; known when it is in the queue. */
    long first;

    long last;

    /** Memory of the cache that it has not put to use yet. */
    @Nullable
    DmaBuf spare;

    FileOp(Node node, Kind kind) {
        this.node = node;
        this.kind = kind;
    }

    /** Goes on, under the lock. Null if it is done. */
    abstract @Nullable Wait attempt() throws SpdkException;

    /** Says which bytes it is about; what it says must be true for all that comes later, too. */
    void place() {}

    /** Between two goes, without the lock. */
    void between() {}

    /** Lets go of what it has, whatever the end. */
    void release() {}

    final boolean isExclusive() {
        return kind == Kind.EXCLUSIVE;
    }

    final boolean conflictsWith(FileOp earlier) {
        if (kind == Kind.EXCLUSIVE || earlier.kind == Kind.EXCLUSIVE) {
            return true;
        }
        return kind == Kind.WRITE && earlier.kind == Kind.WRITE && first < earlier.last && earlier.first < last;
    }

    /** Goes on as far as it can. */
    private @Nullable Wait step() throws SpdkException {
        while (true) {
            Wait wait;
            node.lock.lock();
            try {
                CompletableFuture<Void> before = node.queue.enter(this);
                wait = before == null ? attempt() : Wait.of(before);
            } finally {
                node.lock.unlock();
            }
            between();
            if (wait != Wait.ROOM) {
                return wait;
            }
            wait = node.fs.cache().fetch(this);
            if (wait != null) {
                return wait;
            }
        }
    }

    private void end() {
        node.queue.leave(this);
        release();
        giveBack();
    }

    private void giveBack() {
        DmaBuf memory = spare;
        if (memory != null) {
            spare = null;
            node.fs.cache().giveBack(memory);
        }
    }

    /** Does it, waiting. */
    final void run() throws SpdkException {
        try {
            for (Wait wait = step(); wait != null; wait = step()) {
                giveBack();
                try {
                    Object _ = wait.future().join();
                } catch (CompletionException e) {
                    check(wait);
                }
            }
        } finally {
            end();
        }
    }

    private static void check(Wait wait) throws SpdkException {
        if (wait.mine() && wait.future().isCompletedExceptionally()) {
            throw Failures.thrown(wait.future().exceptionNow());
        }
    }

    /** Does it without waiting; {@code value} is read at the end. */
    final <T> CompletableFuture<T> start(Supplier<T> value) {
        CompletableFuture<T> result = node.fs.runtime().newFuture();
        Runnable goes = () -> go(value, result);
        if (SpdkThread.current() != null) { // a reactor does not copy, nor wait for who does
            var _ = node.queue.enter(this); // in the order of the caller, whichever helper is first
            onHelper(goes, result);
        } else {
            goes.run();
        }
        return result;
    }

    private <T> void go(Supplier<T> value, CompletableFuture<T> result) {
        try {
            for (Wait wait = step(); wait != null; wait = step()) {
                giveBack();
                if (!wait.future().isDone()) {
                    Wait awaited = wait;
                    var _ = wait.future()
                            .whenComplete((_, _) -> onHelper(() -> resume(awaited, value, result), result));
                    return;
                }
                check(wait);
            }
        } catch (Throwable t) {
            fail(t, result);
            return;
        }
        end();
        result.complete(value.get());
    }

    private <T> void resume(Wait awaited, Supplier<T> value, CompletableFuture<T> result) {
        try {
            check(awaited);
        } catch (Throwable t) {
            fail(t, result);
            return;
        }
        go(value, result);
    }

    private <T> void onHelper(Runnable r, CompletableFuture<T> result) {
        try {
            node.fs.runtime().offload().execute(r);
        } catch (RuntimeException noRoom) {
            fail(noRoom, result);
        }
    }

    private <T> void fail(Throwable t, CompletableFuture<T> result) {
        end();
        result.completeExceptionally(t);
    }
}
