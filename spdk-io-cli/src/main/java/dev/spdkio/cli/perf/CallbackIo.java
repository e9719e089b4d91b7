// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.memory.DmaBuf;
import org.jspecify.annotations.Nullable;

/** The callback style: this object is its own completion, so that nothing is allocated. */
final class CallbackIo extends JobIo implements IoCompletion {
    private final BdevChannel channel;
    private final OffsetSource offsets;
    private final Workload workload;
    private final int readPercent;
    private final DmaBuf buf;
    private final int blocks;
    private long block;
    private long submittedAt;

    CallbackIo(Job job, DmaBuf buf) {
        super(job);
        this.channel = job.channel();
        this.offsets = job.offsets();
        this.workload = job.spec.workload();
        this.readPercent = job.spec.readPercent();
        this.buf = buf;
        this.blocks = job.spec.blocksPerIo();
    }

    @Override
    void start() {
        submit();
    }

    private void submit() {
        block = offsets.nextBlock();
        submittedAt = now();
        try {
            switch (workload) {
                case READ, RANDREAD -> channel.submitReadBlocks(buf, block, blocks, this, null);
                case WRITE, RANDWRITE -> channel.submitWriteBlocks(buf, block, blocks, this, null);
                case RW, RANDRW -> {
                    if (offsets.nextIsRead(readPercent)) {
                        channel.submitReadBlocks(buf, block, blocks, this, null);
                    } else {
                        channel.submitWriteBlocks(buf, block, blocks, this, null);
                    }
                }
                case WRITE_ZEROES -> channel.submitWriteZeroesBlocks(block, blocks, this, null);
                case UNMAP -> channel.submitUnmapBlocks(block, blocks, this, null);
                case FLUSH -> channel.submitFlushBlocks(block, blocks, this, null);
                case VERIFY, RESET -> throw new IllegalStateException(workload + " has its own I/O");
            }
        } catch (RuntimeException refused) {
            job.ioFailed(workload + " at block " + block + " was refused: " + refused.getMessage());
            job.ioStopped();
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        job.count(now() - submittedAt);
        if (!status.isSuccess()) {
            job.ioFailed(status, workload.toString(), block);
        }
        if (job.isDraining()) {
            job.ioStopped();
        } else {
            submit();
        }
    }
}
