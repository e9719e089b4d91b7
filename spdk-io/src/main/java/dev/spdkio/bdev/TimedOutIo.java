// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A request that has not ended in the time that {@link BdevDesc#setTimeout} allows, whether the device has it or it
 * waits in the hub. It may have ended meanwhile.
 *
 * <p>Thread rule: any thread.
 */
public final class TimedOutIo {
    private final BdevChannel channel;
    private final IoType type;
    private final long offsetBlocks;
    private final long blockCount;
    private final IoCompletion completion;
    private final @Nullable Object userData;
    private final long submitNanos;
    private final Duration age;

    TimedOutIo(
            BdevChannel channel,
            IoType type,
            long offsetBlocks,
            long blockCount,
            IoCompletion completion,
            @Nullable Object userData,
            long submitNanos) {
        this.channel = channel;
        this.type = type;
        this.offsetBlocks = offsetBlocks;
        this.blockCount = blockCount;
        this.completion = completion;
        this.userData = userData;
        this.submitNanos = submitNanos;
        this.age = Duration.ofNanos(channel.thread().now() - submitNanos);
    }

    /** What it does. */
    public IoType type() {
        return type;
    }

    /** Its first block; 0 for a reset. */
    public long offsetBlocks() {
        return offsetBlocks;
    }

    /** How many blocks; 0 for a reset. */
    public long blockCount() {
        return blockCount;
    }

    /** What it was submitted with; null for the requests of futures and tasks. */
    public @Nullable Object userData() {
        return userData instanceof FutureIo.Hop || userData instanceof BlockTransfer ? null : userData;
    }

    /** How long it was under way when it was found. */
    public Duration age() {
        return age;
    }

    /** The device. */
    public Bdev bdev() {
        return channel.bdev();
    }

    /** The thread that submitted it. */
    public SpdkThread thread() {
        return channel.thread();
    }

    /**
     * Asks for its early end, as {@link BdevChannel#submitAbort} does: its caller hears of that as of any end, and its
     * memory is in flight until then.
     *
     * @return whether it ends early: false if it has ended, or the device cannot
     */
    public CompletableFuture<Boolean> abort() {
        CompletableFuture<Boolean> result = thread().runtime().newFuture();
        boolean sent = thread().trySendInternal(() ->
                new AbortIo(channel, this::is, (status, _) -> result.complete(status.isSuccess()), null).begin());
        if (!sent) {
            result.complete(false);
        }
        return result;
    }

    /** Resets the device, unless somebody does already. */
    public CompletableFuture<Void> reset() {
        return bdev().reset.isUnderWay() ? CompletableFuture.completedFuture(null) : channel.resetAsync();
    }

    /** Whether that is the request: another one that is like it in all of this, of the same pass, ends with it. */
    boolean is(@Nullable IoCompletion c, @Nullable Object data, long submitted, long block) {
        return c == completion && data == userData && submitted == submitNanos && block == offsetBlocks;
    }

    @Override
    public String toString() {
        return type.jsonName() + " of " + blockCount + " blocks at block " + offsetBlocks + " of bdev "
                + bdev().name() + " has not ended after " + age + ", on SpdkThread "
                + thread().name();
    }
}
