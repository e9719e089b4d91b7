// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A request to a {@link BlockDevice}: its parts, and who waits for its end.
 *
 * <p>Thread rule: any thread.
 */
final class BlockTransfer {
    final BlockDevice device;
    final IoType type;
    final @Nullable MemorySegment memory;
    final long offset;
    final long length;
    private final @Nullable CompletableFuture<Void> future;
    private final @Nullable Thread waiter;
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    BlockTransfer(
            BlockDevice device,
            IoType type,
            @Nullable MemorySegment memory,
            long offset,
            long length,
            @Nullable CompletableFuture<Void> future,
            @Nullable Thread waiter) {
        this.device = device;
        this.type = type;
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        this.future = future;
        this.waiter = waiter;
    }

    /** It goes to {@code lane} in so many parts. A future that is done before them gives them up. */
    void expect(int parts, BdevChannel lane) {
        left.set(parts);
        CompletableFuture<Void> f = future;
        if (f != null) {
            var _ = f.whenComplete((_, cause) -> {
                if (cause != null && left.get() > 0) {
                    lane.thread().trySendInternal(() -> lane.giveUp(this));
                }
            });
        }
    }

    /** Whether nobody waits for it any more. */
    boolean isGivenUp() {
        return future != null && future.isDone();
    }

    /** One part has ended, with null if it was done. */
    void partEnded(@Nullable Throwable cause) {
        if (cause != null) {
            failure.compareAndSet(null, cause);
        }
        if (left.decrementAndGet() > 0) {
            return;
        }
        device.leave();
        CompletableFuture<Void> f = future;
        if (f == null) {
            LockSupport.unpark(waiter);
            return;
        }
        Throwable first = failure.get();
        if (first == null) {
            BlockDevice.complete(f);
        } else {
            f.completeExceptionally(asThrown(first));
        }
    }

    private Throwable asThrown(Throwable cause) {
        return cause instanceof LimitExceededException ? cause : device.failure(type, offset, length, cause);
    }

    /** Waits for the end. The memory belongs to the device until then, so that an interrupt must wait too. */
    void await() throws SpdkException {
        boolean interrupted = false;
        while (left.get() > 0) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Throwable first = failure.get();
        if (first instanceof LimitExceededException e) {
            throw e;
        }
        if (first != null) {
            throw device.failure(type, offset, length, first);
        }
    }
}
