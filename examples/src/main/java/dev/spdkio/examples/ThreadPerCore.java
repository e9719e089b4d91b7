// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One thread and one channel for each of two cores, each with 32 writes under way, and nothing shared between them. */
public final class ThreadPerCore {
    private static final int QUEUE_DEPTH = 32;
    private static final int WRITES = 10_000;

    private ThreadPerCore() {}

    // docs: percore-worker
    /** Keeps a number of writes under way until enough are done. All of it runs on one thread. */
    private static final class Worker {
        private final BdevChannel channel;
        private final DmaBuf buf;
        private final CompletableFuture<Integer> done;
        private int submitted;
        private int completed;

        Worker(BdevChannel channel, DmaBuf buf, CompletableFuture<Integer> done) {
            this.channel = channel;
            this.buf = buf;
            this.done = done;
            while (submitted < QUEUE_DEPTH) {
                submitNext();
            }
        }

        private void submitNext() {
            long block = submitted++ % channel.bdev().blockCount();
            channel.submitWriteBlocks(buf, block, 1, this::written, null);
        }

        private void written(IoStatus status, @Nullable Object data) {
            completed++;
            if (submitted < WRITES) {
                submitNext();
            } else if (completed == WRITES) {
                done.complete(completed);
            }
        }
    }
    // docs: end

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        CpuSet cores = CpuSet.of(Cores.available().stream().limit(2).toArray());
        try (SpdkApp app = SpdkApp.builder().reactorMask(cores).start();
                DmaBuf buf = app.dmaPool().allocate(4096)) {
            Bdev bdev = NullBdev.create(app.bdevs(), new NullBdevOptions("Null0", 4096, 1024));
            BdevDesc desc = app.call(() -> app.bdevs().open("Null0", OpenMode.READ_WRITE, BdevEventListener.NONE))
                    .join();
            List<CompletableFuture<Integer>> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                CompletableFuture<Integer> done = app.runtime().newFuture();
                SpdkThread thread = app.runtime().createThread("worker " + i);
                thread.send(() -> new Worker(desc.openChannel(), buf, done));
                workers.add(done);
            }
            workers.forEach(CompletableFuture::join);
            // docs: percore-stats
            BdevStats stats = bdev.stats().join(); // the sum over all threads
            System.out.println(stats.write().ops() + " writes of "
                    + stats.write().bytes() / stats.write().ops() + " bytes");
            // docs: end
            desc.close(); // and with it the channels
        }
    }
}
