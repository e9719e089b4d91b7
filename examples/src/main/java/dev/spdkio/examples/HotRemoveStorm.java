// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Devices are removed under load, again and again: two threads keep 128 writes under way each. Every write ends, each
 * descriptor is told once, and nothing is left behind. The argument is how many devices there are.
 */
public final class HotRemoveStorm {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 1024;
    private static final int DEPTH = 128;
    private static final int UNDER_LOAD = 2 * DEPTH;

    private HotRemoveStorm() {}

    /** A device that answers some time later, so that it always has I/O when it is removed. */
    private static final class LateDevice implements BdevOps<LateDevice.Queue> {
        /** What the device has of one thread. */
        private static final class Queue {
            private static final Duration PERIOD = Duration.ofNanos(50_000);
            private static final int AT_ONCE = 32;

            private final ArrayDeque<BdevIo> ios = new ArrayDeque<>();
            private final Poller poller;

            Queue(SpdkThread thread) {
                poller = thread.poller("late device")
                        .period(PERIOD)
                        .body(this::poll)
                        .register();
            }

            private Poller.Result poll() {
                for (int i = 0; i < AT_ONCE && !ios.isEmpty(); i++) {
                    ios.remove().complete(IoStatus.SUCCESS);
                }
                return Poller.Result.BUSY;
            }
        }

        @Override
        public void submit(Queue queue, BdevIo io) {
            queue.ios.add(io);
        }

        @Override
        public boolean supports(IoType type) {
            return type == IoType.READ || type == IoType.WRITE;
        }

        @Override
        public Queue openChannel(SpdkThread thread) {
            return new Queue(thread);
        }

        @Override
        public void closeChannel(Queue queue) {
            if (!queue.ios.isEmpty()) {
                throw new IllegalStateException("closed with " + queue.ios.size() + " I/Os in flight");
            }
            queue.poller.close();
        }

        @Override
        public CompletionStage<Void> destruct() {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Keeps writes under way on one thread until the device goes. */
    private static final class Worker {
        private final SpdkApp app;
        private final SpdkThread thread;
        private final AtomicLong begun = new AtomicLong();
        private final AtomicLong ended = new AtomicLong();
        private final AtomicLong told = new AtomicLong();

        Worker(SpdkApp app, SpdkThread thread) {
            this.app = app;
            this.thread = thread;
        }

        /** Opens the device. Completes when it is under load. */
        CompletableFuture<Boolean> start(String name) {
            CompletableFuture<Boolean> loaded = app.runtime().newFuture();
            thread.send(() -> {
                try {
                    BdevDesc desc = app.bdevs().open(name, OpenMode.READ_WRITE, this::event);
                    new Load(desc.openChannel(), app.dmaPool().allocate(BLOCK), loaded).begin();
                } catch (SpdkException e) {
                    loaded.completeExceptionally(e);
                }
            });
            return loaded;
        }

        private void event(BdevEvent event, BdevDesc desc) {
            if (event == BdevEvent.REMOVED) {
                told.incrementAndGet();
                desc.close();
            }
        }

        private final class Load {
            private final BdevChannel channel;
            private final DmaBuf buf;
            private final CompletableFuture<Boolean> loaded;
            private int underWay;
            private int writes;

            Load(BdevChannel channel, DmaBuf buf, CompletableFuture<Boolean> loaded) {
                this.channel = channel;
                this.buf = buf;
                this.loaded = loaded;
            }

            void begin() {
                for (int i = 0; i < DEPTH; i++) {
                    write();
                }
            }

            private void write() {
                underWay++;
                begun.incrementAndGet();
                channel.submitWriteBlocks(buf, writes++ % BLOCKS, 1, this::written, null);
            }

            private void written(IoStatus status, @Nullable Object data) {
                underWay--;
                ended.incrementAndGet();
                if (!channel.isClosed()) {
                    write();
                } else if (underWay == 0) {
                    buf.close();
                }
                if (writes == UNDER_LOAD) {
                    loaded.complete(true);
                }
            }
        }
    }

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        int rounds = args.length == 0 ? 20 : Integer.parseInt(args[0]);
        CpuSet cores = CpuSet.of(Cores.available().stream().limit(2).toArray());
        try (SpdkApp app = SpdkApp.builder().reactorMask(cores).start()) {
            List<Worker> workers = IntStream.range(0, 2)
                    .mapToObj(i -> new Worker(app, app.runtime().createThread("worker " + i)))
                    .toList();
            long begin = System.nanoTime();
            for (int i = 0; i < rounds; i++) {
                Bdev bdev = app.bdevs()
                        .register(BdevSpec.builder("Late" + i, BLOCK, BLOCKS).build(), new LateDevice());
                List<CompletableFuture<Boolean>> loaded =
                        workers.stream().map(w -> w.start(bdev.name())).toList();
                loaded.forEach(CompletableFuture::join);
                app.bdevs().unregister(bdev).join();
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            long begun = workers.stream().mapToLong(w -> w.begun.get()).sum();
            long ended = workers.stream().mapToLong(w -> w.ended.get()).sum();
            long told = workers.stream().mapToLong(w -> w.told.get()).sum();
            long buffers = app.dmaPool().stats().openBuffers();
            System.out.printf("%d writes in %.1f s; descriptors told: %d of %d%n", begun, seconds, told, 2L * rounds);
            if (begun != ended || told != 2L * rounds || buffers != 0) {
                throw new IllegalStateException("begun " + begun + ", ended " + ended + ", told " + told + " of "
                        + 2L * rounds + ", buffers left " + buffers);
            }
            System.out.println("writes lost: " + (begun - ended) + ", buffers left: " + buffers + ", devices left: "
                    + app.bdevs().bdevs().size());
        }
    }
}
