// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A device that is removed in the middle of everything: I/O of all kinds from two threads, resets, growth, limits that
 * change, locks and timeouts. Every request ends once, everybody is told once, and nothing is left.
 */
final class HotRemoveTest {
    private static final int BLOCKS = 128;
    private static final int DEPTH = 48;
    private static final int SEEDS_EACH = 2;
    private static final IoType[] TYPES = {
        IoType.READ, IoType.WRITE, IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES, IoType.FLUSH
    };

    @ParameterizedTest
    @ValueSource(longs = {1, 1000, 2000, 3000})
    void everythingEndsOnce(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + SEEDS_EACH; seed++) {
            new Storm(seed).run();
        }
    }

    private static final class Storm {
        private final long seed;
        private final Random random;
        private final BdevWorld w;
        private final FakeDevice d;
        private final Bdev bdev;
        private final List<Load> loads = new ArrayList<>();
        private final List<CompletableFuture<?>> futures = new ArrayList<>();
        private int resets;
        private int resetsEnded;

        Storm(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.w = new BdevWorld(seed, BdevOptions.DEFAULT.withBdevIoPoolSize(16));
            this.d = new FakeDevice(BdevWorld.BLOCK, BLOCKS);
            d.random = new Random(seed);
            d.mode = FakeDevice.Mode.RANDOM;
            d.noMemory = seed % 2 == 0 ? 0.1 : 0;
            d.failure = 0.02;
            d.types.add(IoType.ABORT);
            this.bdev = w.register(d, spec -> spec.maxRwBlocks(4).requiredAlignment(512));
        }

        void run() {
            loads.add(new Load(w.app));
            loads.add(new Load(w.other));
            loads.forEach(Load::begin);
            for (int i = 0; i < 12; i++) {
                w.rt.runFor(Duration.ofNanos(random.nextInt(1, 300_000)));
                disturb(loads.get(random.nextInt(2)));
            }
            CompletableFuture<Void> gone = w.bdevs.unregister(bdev);
            w.rt.await(gone);
            w.rt.runFor(Duration.ofMillis(50)); // deadlines and pollers come to their ends
            for (Load l : loads) {
                assertThat(l.ended)
                        .as("requests of %s, seed %d", l.thread.name(), seed)
                        .isEqualTo(l.begun);
                assertThat(l.removals).as("told of the removal, seed %d", seed).isEqualTo(1);
                assertThat(l.desc.closed()).isCompleted();
                l.buf.close();
            }
            assertThat(futures).allMatch(CompletableFuture::isDone);
            assertThat(resetsEnded).as("resets, seed %d", seed).isEqualTo(resets);
            assertThat(d.channelsOpen).isZero();
            assertThat(d.destructs).isOne();
            assertThat(w.bdevs.badCompletions()).isZero();
            assertThat(w.pool.stats().openBuffers())
                    .as("buffers, seed %d", seed)
                    .isZero();
            assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
            assertThat(w.on(w.other, () -> w.other.pollerList())).isEmpty();
            w.close();
        }

        private void disturb(Load l) {
            switch (random.nextInt(7)) {
                case 0 ->
                    w.run(l.thread, () -> {
                        resets++;
                        l.channel.submitReset((_, _) -> resetsEnded++, null);
                    });
                case 1 -> grow();
                case 2 ->
                    futures.add(bdev.setQosLimits(
                            random.nextBoolean() ? QosLimits.NONE : new QosLimits(random.nextInt(1, 50_000), 0, 0, 0)));
                case 3 ->
                    futures.add(l.channel
                            .lockRangeAsync(random.nextInt(BLOCKS - 8), random.nextInt(1, 8))
                            .thenAccept(lock -> l.thread.execute(lock::close)));
                case 4 -> futures.add(l.desc.quiesce().thenAccept(RangeLock::close));
                case 5 -> l.desc.setTimeout(Duration.ofMillis(1), IoTimeoutListener.ABORT);
                default -> {
                    CompletableFuture<Void> f = l.channel.readBlocksAsync(l.buf, 0, 8);
                    l.thread.orTimeout(f, Duration.ofNanos(random.nextInt(1, 100_000)));
                    futures.add(f);
                }
            }
        }

        private void grow() {
            try {
                bdev.notifyBlockCount(bdev.blockCount() + 1);
            } catch (SpdkException e) {
                throw new AssertionError(e);
            }
        }

        /** So many requests of all kinds on one thread. */
        private final class Load {
            final SpdkThread thread;
            final DmaBuf buf = w.buf(9);
            final BdevDesc desc;
            final BdevChannel channel;
            int begun;
            int ended;
            int removals;

            Load(SpdkThread thread) {
                this.thread = thread;
                this.desc = w.on(thread, () -> w.bdevs.open("D", OpenMode.READ_WRITE, this::event));
                this.channel = w.on(thread, desc::openChannel);
            }

            void begin() {
                w.run(thread, () -> {
                    for (int i = 0; i < DEPTH; i++) {
                        submit();
                    }
                });
            }

            private void event(BdevEvent event, BdevDesc self) {
                if (event == BdevEvent.REMOVED) {
                    removals++;
                    self.close();
                }
            }

            private void submit() {
                begun++;
                int blocks = random.nextInt(1, 9);
                IoType type = TYPES[random.nextInt(TYPES.length)];
                channel.submit(
                        type, buf, random.nextInt(512), random.nextInt(BLOCKS - blocks), blocks, this::ended, this);
            }

            private void ended(IoStatus status, Object ignored) {
                ended++;
                if (!channel.isClosed()) {
                    submit();
                }
            }
        }
    }
}
