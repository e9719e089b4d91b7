// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The time that a future may take: a timer on a thread, which goes when the future is done.
 *
 * <p>Thread rule: owned by its thread.
 */
final class Deadline {
    private final CompletableFuture<?> future;
    private final Duration limit;
    private @Nullable Poller timer;

    private Deadline(CompletableFuture<?> future, Duration limit) {
        this.future = future;
        this.limit = limit;
    }

    /** Any thread. */
    static void set(SpdkThread thread, CompletableFuture<?> future, Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("a deadline after " + limit + ": must be positive");
        }
        if (future.isDone()) {
            return;
        }
        Deadline deadline = new Deadline(future, limit);
        thread.sendInternal(() -> deadline.begin(thread));
        var _ = future.whenComplete((_, _) -> thread.trySendInternal(deadline::end));
    }

    private void begin(SpdkThread thread) {
        if (!future.isDone()) {
            timer = thread.poller("deadline").period(limit).body(this::passed).register();
        }
    }

    private Poller.Result passed() {
        end();
        future.completeExceptionally(new SpdkException(Errno.ETIMEDOUT, "not done within " + limit));
        return Poller.Result.BUSY;
    }

    private void end() {
        Poller t = timer;
        timer = null;
        if (t != null) {
            t.close();
        }
    }
}
