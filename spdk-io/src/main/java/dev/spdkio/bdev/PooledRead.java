// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A read that waits for memory of the pool first.
 *
 * <p>Thread rule: begun on any thread; the rest is done on the channel's.
 */
final class PooledRead {
    private final BdevChannel channel;
    private final SpdkThread thread;
    private final long offset;
    private final CompletableFuture<DmaBuf> result;

    private PooledRead(BdevChannel channel, long offset) {
        this.channel = channel;
        this.thread = channel.thread();
        this.offset = offset;
        this.result = thread.runtime().newFuture();
    }

    static CompletableFuture<DmaBuf> begin(BdevChannel channel, long offset, long length) {
        Bdev bdev = channel.bdev();
        channel.checks()
                .check(
                        IoType.READ,
                        !channel.isClosed(),
                        length,
                        channel.checks().block(IoType.READ, offset),
                        channel.checks().blocks(IoType.READ, length));
        PooledRead read = new PooledRead(channel, offset);
        read.thread.beginOperation(); // until the memory has come
        try {
            bdev.manager.pool().onAvailable(length, bdev.requiredAlignment(), read.thread, read::memoryCame);
        } catch (RuntimeException e) {
            read.thread.endOperation();
            throw e;
        }
        return read.result;
    }

    private void memoryCame(DmaBuf buf) {
        thread.endOperation();
        try {
            var _ = channel.readAsync(buf, offset).whenComplete((_, failure) -> ended(buf, failure));
        } catch (RuntimeException e) {
            ended(buf, e);
        }
    }

    /** The buffer is the caller's now, unless nobody waits for it any more. */
    private void ended(DmaBuf buf, @Nullable Throwable failure) {
        if (failure != null) {
            buf.close();
            result.completeExceptionally(failure);
        } else if (!result.complete(buf)) {
            buf.close();
        }
    }
}
