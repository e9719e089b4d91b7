// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of a device that others must leave alone for a while: {@linkplain BdevCommands#lockRangeAsync locked} by a
 * channel, or {@linkplain BdevDesc#quiesceRange quiesced}. Stands for {@code struct lba_range}.
 *
 * <p>What others submit meanwhile waits in the hub, in order, on all threads; a reset, a removal and an abort end it.
 * It was granted when what had been on its way before had ended. Closing it lets the others go on; closing the channel
 * or the descriptor that it belongs to does that too.
 *
 * <p>Thread rule: any thread.
 */
public final class RangeLock implements AutoCloseable {
    private final BdevDesc desc;
    private final @Nullable BdevChannel channel;
    private final SpdkThread thread;
    private final long offsetBlocks;
    private final long blockCount;
    private final CompletableFuture<RangeLock> granted;
    private final CompletableFuture<Void> released;

    private BdevLocks.@Nullable Hold hold;
    private boolean closing;

    private RangeLock(BdevDesc desc, @Nullable BdevChannel channel, long block, long count) {
        this.desc = desc;
        this.channel = channel;
        this.thread = channel != null ? channel.thread() : desc.thread();
        this.offsetBlocks = block;
        this.blockCount = count;
        this.granted = thread.runtime().newFuture();
        this.released = thread.runtime().newFuture();
    }

    /** For {@code channel}, or, if that is null, for nobody. */
    static CompletableFuture<RangeLock> lock(BdevDesc desc, @Nullable BdevChannel channel, long block, long count) {
        Bdev bdev = desc.bdev();
        if (block < 0 || count < 1 || block > bdev.blockCount() - count) {
            throw new IllegalArgumentException("bdev " + bdev.name() + " has " + bdev.blockCount() + " blocks: " + count
                    + " at block " + block + " cannot be locked");
        }
        int limit = bdev.manager().options().ioWaitLimit();
        if (bdev.locks.count() >= limit) {
            throw new LimitExceededException(
                    "ioWaitLimit", limit, "bdev " + bdev.name() + " has that many locked ranges: close some");
        }
        RangeLock lock = new RangeLock(desc, channel, block, count);
        desc.add(lock);
        bdev.locks.lock(channel, lock.thread, block, count, lock::granted);
        return lock.granted;
    }

    /** The device. */
    public Bdev bdev() {
        return desc.bdev();
    }

    /** The first block. */
    public long offsetBlocks() {
        return offsetBlocks;
    }

    /** How many blocks. */
    public long blockCount() {
        return blockCount;
    }

    /** Whether reads wait too, and the I/O of everybody. */
    public boolean isQuiesced() {
        return channel == null;
    }

    @Nullable
    BdevChannel channel() {
        return channel;
    }

    private void granted(BdevLocks.Hold value) {
        boolean late;
        synchronized (this) {
            hold = value;
            late = closing;
        }
        if (late) {
            release(value);
        } else if (!granted.complete(this)) {
            close(); // nobody waits for it any more
        }
    }

    /** Lets it go, without waiting for that. Idempotent. */
    @Override
    public void close() {
        var _ = closeAsync();
    }

    /**
     * Lets it go. Idempotent; {@code spdk_bdev_unquiesce_range}.
     *
     * @return completes when what waited is on its way
     */
    public CompletableFuture<Void> closeAsync() {
        BdevLocks.Hold held;
        synchronized (this) {
            if (closing) {
                return released.copy();
            }
            closing = true;
            held = hold;
        }
        desc.remove(this);
        if (held != null) {
            release(held);
        } else {
            granted.completeExceptionally(new IllegalStateException(this + " was closed before it was granted"));
            released.complete(null);
        }
        return released.copy();
    }

    /** On a thread that takes messages: that of the lock, or if it has exited the app thread. */
    private void release(BdevLocks.Hold held) {
        Runnable unlock = () -> bdev().locks.unlock(held, () -> released.complete(null));
        if (!thread.trySendInternal(unlock) && !bdev().manager().appThread().trySendInternal(unlock)) {
            released.complete(null);
        }
    }

    @Override
    public String toString() {
        return (isQuiesced() ? "quiesced" : "locked") + " range of " + blockCount + " blocks at block " + offsetBlocks
                + " of bdev " + bdev().name();
    }
}
