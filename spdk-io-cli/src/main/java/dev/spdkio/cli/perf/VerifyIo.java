// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Writes, reads back and compares, over its own places of the device again and again, each time with a new generation.
 *
 * <p>The places of different I/Os never overlap, so no two are in flight at the same one. From the second generation
 * on a place is read before it is written, too: what has overwritten it meanwhile by mistake is found then.
 */
final class VerifyIo extends JobIo implements IoCompletion {
    private enum Step {
        READ_OLD,
        WRITE,
        READ_BACK
    }

    private final BdevChannel channel;
    private final OffsetSource offsets;
    private final BlockPattern pattern;
    private final DmaBuf buf;
    private final MemorySegment data;
    private final int blocks;
    private final long firstGeneration;
    private boolean checksOld;
    private long firstBlock = -1;
    private long block;
    private long generation;
    private Step step = Step.WRITE;
    private long submittedAt;

    VerifyIo(Job job, int index, DmaBuf buf) {
        super(job);
        this.channel = job.channel();
        this.offsets = job.spec.ownOffsets(index);
        this.pattern = new BlockPattern(job.spec.blockSize());
        this.buf = buf;
        this.data = buf.segment();
        this.blocks = job.spec.blocksPerIo();
        this.firstGeneration = job.spec.firstGeneration();
        this.generation = firstGeneration - 1;
        // A write that a reset has aborted leaves the old data, the new, or some of each.
        this.checksOld = job.spec.workload() == Workload.VERIFY;
    }

    @Override
    void start() {
        nextPlace();
    }

    private void nextPlace() {
        block = offsets.nextBlock();
        if (firstBlock < 0) {
            firstBlock = block;
        }
        if (block == firstBlock) {
            generation++;
        }
        submit(generation > firstGeneration && checksOld ? Step.READ_OLD : Step.WRITE);
    }

    private void submit(Step next) {
        step = next;
        submittedAt = now();
        try {
            if (next == Step.WRITE) {
                pattern.fill(data, block, generation);
                channel.submitWriteBlocks(buf, block, blocks, this, null);
            } else {
                // What a read leaves alone must not look right.
                data.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, -1L);
                channel.submitReadBlocks(buf, block, blocks, this, null);
            }
        } catch (RuntimeException refused) {
            job.ioFailed(next + " at block " + block + " was refused: " + refused.getMessage());
            job.ioStopped();
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        job.count(now() - submittedAt);
        if (!status.isSuccess()) {
            job.ioFailed(status, step == Step.WRITE ? "write" : "read", block);
            // From now on nobody knows what is there.
            checksOld &= step != Step.WRITE;
        } else if (step != Step.WRITE) {
            compare(step == Step.READ_OLD ? generation - 1 : generation);
        }
        if (job.isDraining()) {
            job.ioStopped();
            return;
        }
        switch (step) {
            case READ_OLD -> submit(Step.WRITE);
            case WRITE -> {
                if (status.isSuccess()) {
                    submit(Step.READ_BACK);
                } else {
                    nextPlace();
                }
            }
            case READ_BACK -> nextPlace();
        }
    }

    private void compare(long expected) {
        if (!pattern.matches(data, block, expected)) {
            job.miscompare(String.valueOf(pattern.describe(data, block, expected)));
        }
    }
}
