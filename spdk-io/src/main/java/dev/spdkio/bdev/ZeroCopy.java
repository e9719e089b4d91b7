// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The device's own memory of a range, to be read and written in place until it is given back. Stands for an I/O between
 * {@code spdk_bdev_zcopy_start} and {@code spdk_bdev_zcopy_end}.
 *
 * <p>It must end, once: its channel and descriptor are not closed before. What was taken from {@link #memory()} may not
 * be touched after that, by anybody.
 *
 * <p>Thread rule: {@link #memory()}, {@link #endAsync} and {@link #close} anywhere; {@link #submitEnd} on the thread of
 * the channel; {@link #end} in a task of that thread.
 */
public final class ZeroCopy implements AutoCloseable {
    private final BdevChannel channel;
    private final long block;
    private final long count;
    private final IoDetails details;
    private final MemorySegment memory;
    private final AtomicBoolean ended = new AtomicBoolean();

    ZeroCopy(BdevChannel channel, Command<ZeroCopy> command) {
        this.channel = channel;
        this.block = command.block();
        this.count = command.count();
        this.details = command.details();
        this.memory = Objects.requireNonNull(details.zcopyMemory, "the memory that the device gives");
    }

    /**
     * The memory: all bytes of the range. What it holds at first is undefined unless it was populated.
     *
     * @throws IllegalStateException if the zero copy has ended
     */
    public MemorySegment memory() {
        if (ended.get()) {
            throw new IllegalStateException(this + " has ended: its memory is the device's again");
        }
        return memory;
    }

    /** The first block of the range. */
    public long block() {
        return block;
    }

    /** The blocks of the range. */
    public long blockCount() {
        return count;
    }

    /**
     * Gives the memory back; {@code spdk_bdev_zcopy_end}.
     *
     * @param commit whether what is in the memory is to be in the range. If not, the range has either the old bytes or,
     *     on a device whose memory is its storage, those that were written
     * @throws IllegalStateException if it has ended
     */
    public void submitEnd(boolean commit, IoCompletion completion, @Nullable Object userData) {
        channel.thread().checkCurrent("ending by submit (use endAsync) " + this + ", whose channel");
        claim();
        endHere(commit, completion, userData);
    }

    /** {@link #submitEnd} with a future. */
    public CompletableFuture<Void> endAsync(boolean commit) {
        claim();
        return endClaimed(commit);
    }

    /** {@link #submitEnd}, waiting for the end. */
    public void end(boolean commit) throws SpdkException {
        new FutureIo(channel).await("end of " + this, () -> endAsync(commit));
    }

    /** Ends it without {@linkplain #submitEnd commit}, if it has not ended; does not wait. Idempotent. */
    @Override
    public void close() {
        if (ended.compareAndSet(false, true)) {
            var _ = endClaimed(false);
        }
    }

    private void claim() {
        if (!ended.compareAndSet(false, true)) {
            throw new IllegalStateException(this + " has ended already: a zero copy ends once");
        }
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    private CompletableFuture<Void> endClaimed(boolean commit) {
        CompletableFuture<Void> future = channel.thread().runtime().newFuture();
        IoCompletion done = (status, _) -> {
            if (status.isSuccess()) {
                future.complete(null);
            } else {
                future.completeExceptionally(status.toException("end of " + this));
            }
        };
        if (channel.thread().isCurrent()) {
            endHere(commit, done, null);
        } else if (!channel.thread().trySendInternal(() -> endHere(commit, done, null))) {
            future.completeExceptionally(new IllegalStateException(this + ": its thread has exited"));
        }
        return future;
    }

    private void endHere(boolean commit, IoCompletion completion, @Nullable Object userData) {
        DeviceChannel device = channel.device();
        details.zcopyStart = false;
        details.zcopyCommit = commit;
        BdevIo io = device.hub.takeForPart(channel);
        io.request(device, channel, IoType.ZCOPY, block, count, completion, userData);
        io.details = details;
        device.dispatch(io);
    }

    @Override
    public String toString() {
        return "zero copy of " + count + " blocks at block " + block + " of bdev "
                + channel.bdev().name();
    }
}
