// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * The resets of an array. They end what its members have, the array's own I/O too: that is no member's fault, and is
 * done again.
 *
 * <p>Thread rule: any thread, but for {@link #retried}.
 */
final class RaidResets {
    private final SpdkThread appThread;
    private final Object lock = new Object();
    private long begun;
    private long ended;
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    RaidResets(SpdkThread appThread) {
        this.appThread = appThread;
    }

    boolean isUnderWay() {
        synchronized (lock) {
            return begun != ended;
        }
    }

    void begin() {
        synchronized (lock) {
            begun++;
        }
    }

    void end() {
        List<CompletableFuture<Void>> over;
        synchronized (lock) {
            ended++;
            if (begun != ended || waiting.isEmpty()) {
                return;
            }
            over = List.copyOf(waiting);
            waiting.clear();
        }
        var _ = appThread.trySendInternal(() -> over.forEach(w -> w.complete(null)));
    }

    /** Does some I/O of the array's own, again if a reset has ended it. On the app thread, where it completes. */
    <T> CompletableFuture<T> retried(Supplier<CompletableFuture<T>> io) {
        long before;
        synchronized (lock) {
            before = ended;
        }
        return io.get()
                .exceptionallyCompose(failure -> isAbort(failure) && hasBegunSince(before)
                        ? whenNone().thenCompose(_ -> retried(io))
                        : CompletableFuture.failedFuture(failure));
    }

    private static boolean isAbort(Throwable failure) {
        Throwable cause = failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure;
        return cause instanceof SpdkException e && e.errno() == Errno.ECANCELED;
    }

    /** Whether a reset was under way when so many had ended, or has begun since. */
    private boolean hasBegunSince(long endedThen) {
        synchronized (lock) {
            return begun != endedThen;
        }
    }

    private CompletableFuture<Void> whenNone() {
        CompletableFuture<Void> none = appThread.runtime().newFuture();
        synchronized (lock) {
            if (begun != ended) {
                waiting.add(none);
                return none;
            }
        }
        none.complete(null);
        return none;
    }
}
