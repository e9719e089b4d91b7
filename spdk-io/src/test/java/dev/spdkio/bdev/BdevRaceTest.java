// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What OS threads do to the hub at once, for real. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BdevRaceTest {
    private static final int ROUNDS = 2_000;
    private static final Logger HUB = Logger.getLogger("dev.spdkio");

    private final SpdkRuntime rt = SpdkRuntime.builder().name("bdev-race-test").start();
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("race").limitBytes(32 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);
    private final BlockingQueue<BdevIo> taken = new LinkedBlockingQueue<>();
    private final ExecutorService others = Executors.newCachedThreadPool();

    @AfterEach
    void close() throws Exception {
        others.shutdown();
        assertThat(others.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
        bdevs.closeAsync().orTimeout(20, TimeUnit.SECONDS).join();
        rt.close();
        HUB.setLevel(null);
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    private boolean completesAt(CyclicBarrier start, BdevIo io) throws Exception {
        start.await(20, TimeUnit.SECONDS);
        try {
            io.completeFromAnyThread(IoStatus.SUCCESS);
            return true;
        } catch (IllegalStateException second) {
            return false;
        }
    }

    @Test
    void ofTwoCompletionsAtOnceOneIsGoodAndTheOtherIsCounted() throws Exception {
        HUB.setLevel(Level.OFF); // they are logged, too
        FakeDevice device = new FakeDevice(512, 8) {
            @Override
            public void submit(Channel ch, BdevIo io) {
                taken.add(io);
            }
        };
        bdevs.register(BdevSpec.builder("race", 512, 8).build(), device);
        BdevDesc desc = get(app.call(() -> bdevs.open("race", OpenMode.READ_ONLY, BdevEventListener.NONE)));
        BdevChannel ch = get(app.call(desc::openChannel));
        AtomicInteger ends = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(2);
        try (DmaBuf buf = pool.allocate(512)) {
            for (int round = 1; round <= ROUNDS; round++) {
                BlockingQueue<IoStatus> end = new LinkedBlockingQueue<>();
                app.send(() -> ch.submitRead(
                        buf,
                        0,
                        (status, _) -> {
                            ends.incrementAndGet();
                            end.add(status);
                        },
                        null));
                BdevIo io = taken.poll(20, TimeUnit.SECONDS);
                Future<Boolean> one = others.submit(() -> completesAt(start, io));
                Future<Boolean> other = others.submit(() -> completesAt(start, io));
                assertThat(List.of(get(one), get(other))).contains(true);
                assertThat(end.poll(20, TimeUnit.SECONDS)).isSameAs(IoStatus.SUCCESS);
                // The second may come as a message, behind which this one is, and is refused there.
                CompletableFuture<Boolean> arrived = new CompletableFuture<>();
                app.sendInternal(() -> arrived.complete(true));
                get(arrived);
                assertThat(ends).hasValue(round);
                assertThat(bdevs.badCompletions()).isEqualTo(round);
            }
        }
        desc.close();
    }

    @Test
    void callersBeyondTheBoundWaitAndAllAreServed() throws Exception {
        FakeDevice device = new FakeDevice(512, 64);
        bdevs.register(BdevSpec.builder("few", 512, 64).build(), device);
        BlockDeviceOptions two =
                BlockDeviceOptions.DEFAULT.withMaxOutstanding(2).withLanes(1);
        try (BlockDevice d = BlockDevice.open(bdevs, "few", OpenMode.READ_WRITE, two)) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int block = i;
                all.add(others.submit(() -> writesAndReads(d, block)));
            }
            for (Future<Boolean> f : all) {
                assertThat(get(f)).isTrue();
            }
        }
        assertThat(device.mostInFlight).isBetween(1, 2);
        assertThat(device.seen).hasSize(8 * 200 * 2);
    }

    private static boolean writesAndReads(BlockDevice d, int block) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(512);
            MemorySegment back = arena.allocate(512);
            for (int i = 0; i < 200; i++) {
                data.fill((byte) i);
                d.write(data, block * 512L);
                d.read(back, block * 512L);
                if (data.mismatch(back) != -1) {
                    return false;
                }
            }
        }
        return true;
    }
}
