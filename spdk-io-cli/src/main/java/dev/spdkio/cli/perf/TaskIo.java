// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Clock;
import dev.spdkio.runtime.Task;

/**
 * The straight-line style: one task, one I/O at a time.
 *
 * <p>A task may run beside its thread, so it has offsets and counters of its own, and reads the clock itself.
 */
final class TaskIo extends JobIo {
    private final BdevChannel channel;
    private final OffsetSource offsets;
    private final Workload workload;
    private final int readPercent;
    private final DmaBuf buf;
    private final int blockSize;
    private final int ioSize;
    private volatile Counters measured = new Counters();

    /** Not the old one cleared, for the task may just be counting in it; made beforehand, to allocate nothing then. */
    private Counters next = new Counters();

    private final Counters discarded = new Counters();
    private volatile Counters counters = discarded;

    TaskIo(Job job, int index, DmaBuf buf) {
        super(job);
        this.channel = job.channel();
        this.offsets = job.spec.ownOffsets(index);
        this.workload = job.spec.workload();
        this.readPercent = job.spec.readPercent();
        this.buf = buf;
        this.blockSize = job.spec.blockSize();
        this.ioSize = job.spec.ioSize();
    }

    @Override
    void start() {
        Task<Boolean> _ = job.thread.spawn("perf", this::loop);
    }

    private boolean loop() throws Exception {
        Clock clock = job.thread.runtime().clock();
        while (!job.isDraining()) {
            long start = clock.nanoTime();
            try {
                io(offsets.nextBlock() * blockSize);
            } catch (SpdkException | RuntimeException e) {
                Task.call(() -> {
                    job.ioFailed(String.valueOf(e.getMessage()));
                    return true;
                });
            }
            counters.count(clock.nanoTime() - start);
        }
        return Task.call(() -> {
            job.ioStopped();
            return true;
        });
    }

    private void io(long offset) throws SpdkException {
        switch (workload) {
            case READ, RANDREAD -> channel.read(buf, offset);
            case WRITE, RANDWRITE -> channel.write(buf, offset);
            case RW, RANDRW -> {
                if (offsets.nextIsRead(readPercent)) {
                    channel.read(buf, offset);
                } else {
                    channel.write(buf, offset);
                }
            }
            case WRITE_ZEROES -> channel.writeZeroes(offset, ioSize);
            case UNMAP -> channel.unmap(offset, ioSize);
            case FLUSH -> channel.flush(offset, ioSize);
            case VERIFY, RESET -> throw new IllegalStateException(workload + " has its own I/O");
        }
    }

    @Override
    void beginMeasuring() {
        measured = next;
        counters = measured;
    }

    @Override
    void endMeasuring() {
        counters = discarded;
        next = new Counters();
    }

    @Override
    long liveIos() {
        return counters.liveIos();
    }

    @Override
    void addTo(Counters sum) {
        sum.add(measured);
    }
}
