// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.memory.DmaBuf;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The future style: the next I/O is chained to the future of the last, on the reactor. */
final class FutureIo extends JobIo implements BiConsumer<@Nullable Void, @Nullable Throwable> {
    private final BdevChannel channel;
    private final OffsetSource offsets;
    private final Workload workload;
    private final int readPercent;
    private final DmaBuf buf;
    private final int blockSize;
    private final int ioSize;
    private long offset;
    private long submittedAt;

    FutureIo(Job job, DmaBuf buf) {
        super(job);
        this.channel = job.channel();
        this.offsets = job.offsets();
        this.workload = job.spec.workload();
        this.readPercent = job.spec.readPercent();
        this.buf = buf;
        this.blockSize = job.spec.blockSize();
        this.ioSize = job.spec.ioSize();
    }

    @Override
    void start() {
        submit();
    }

    private void submit() {
        offset = offsets.nextBlock() * blockSize;
        submittedAt = now();
        CompletableFuture<Void> future;
        try {
            future = switch (workload) {
                case READ, RANDREAD -> channel.readAsync(buf, offset);
                case WRITE, RANDWRITE -> channel.writeAsync(buf, offset);
                case RW, RANDRW ->
                    offsets.nextIsRead(readPercent) ? channel.readAsync(buf, offset) : channel.writeAsync(buf, offset);
                case WRITE_ZEROES -> channel.writeZeroesAsync(offset, ioSize);
                case UNMAP -> channel.unmapAsync(offset, ioSize);
                case FLUSH -> channel.flushAsync(offset, ioSize);
                case VERIFY, RESET -> throw new IllegalStateException(workload + " has its own I/O");
            };
        } catch (RuntimeException refused) {
            job.ioFailed(workload + " at byte " + offset + " was refused: " + refused.getMessage());
            job.ioStopped();
            return;
        }
        CompletableFuture<Void> _ = future.whenComplete(this);
    }

    @Override
    public void accept(@Nullable Void nothing, @Nullable Throwable failure) {
        job.count(now() - submittedAt);
        if (failure != null) {
            job.ioFailed(String.valueOf(failure.getMessage()));
        }
        if (job.isDraining()) {
            job.ioStopped();
        } else {
            submit();
        }
    }
}
