// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.file.Counters;
import dev.spdkio.bdev.nullbdev.NullBdev;
import dev.spdkio.bdev.nullbdev.NullBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a device, a thread and a channel cost when there are many: bytes of the heap, which do not depend on the machine.
 * What grows with the number of all others would show as more bytes for the last than for the first.
 */
@Timeout(120)
class ManyDevicesTest {
    private static final int DEVICES = 10_000;
    private static final int THREADS = 64;
    private static final int CHANNELS = 100;
    private static final int SOME = 500;

    /** Bytes of garbage and of what stays; measured: about half. */
    private static final long PER_DEVICE = 8 << 10;

    private static final long PER_CHANNEL = 8 << 10;
    private static final long PER_THREAD = 256 << 10;

    private final SimulatedRuntime rt = SimulatedRuntime.create(2, 1);
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("many").limitBytes(16 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);

    @AfterEach
    void close() {
        rt.close();
        pool.close();
    }

    private <T> T on(SpdkThread thread, Callable<T> body) {
        return rt.call(thread, body);
    }

    private static long allocated(Runnable body) {
        long before = Counters.allocatedBytes();
        body.run();
        return Counters.allocatedBytes() - before;
    }

    private void create(int from, int to) {
        var _ = on(app, () -> {
            for (int i = from; i < to; i++) {
                NullBdev.create(bdevs, new NullBdevOptions("Null" + i, 512, 1024));
            }
            return true;
        });
    }

    private void remove(int from, int to) {
        CompletableFuture<?>[] gone = on(app, () -> {
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (int i = from; i < to; i++) {
                all.add(bdevs.unregister("Null" + i));
            }
            return all.toArray(CompletableFuture[]::new);
        });
        rt.await(CompletableFuture.allOf(gone));
    }

    @Test
    void tenThousandDevicesCostEachAsMuchAsOne() {
        create(DEVICES, DEVICES + SOME); // loads classes
        long first = allocated(() -> create(0, SOME));
        create(SOME, DEVICES - SOME);
        long last = allocated(() -> create(DEVICES - SOME, DEVICES));
        assertThat(last / SOME).as("bytes to make a device").isLessThan(PER_DEVICE);
        assertThat(last).as("the last are made as the first").isLessThan(2 * first);
        assertThat(bdevs.bdevs()).hasSize(DEVICES + SOME);
        assertThat(bdevs.unusedName("Null")).isEqualTo("Null" + (DEVICES + SOME));
        remove(DEVICES, DEVICES + SOME);
        assertThat(bdevs.unusedName("Null")).isEqualTo("Null" + DEVICES);

        long fromMany = allocated(() -> remove(0, SOME));
        remove(SOME, DEVICES - SOME);
        long fromFew = allocated(() -> remove(DEVICES - SOME, DEVICES));
        assertThat(fromMany / SOME).as("bytes to remove a device").isLessThan(PER_DEVICE);
        assertThat(fromMany).as("the first goes as the last").isLessThan(2 * fromFew);
        assertThat(bdevs.bdevs()).isEmpty();
        assertThat(bdevs.unusedName("Null")).isEqualTo("Null0");
    }

    @Test
    void allAreRemovedTogetherForAsMuchAsOneByOne() {
        create(0, SOME);
        rt.await(bdevs.closeAsync());
        BdevManager many = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);
        var _ = on(app, () -> {
            for (int i = 0; i < DEVICES; i++) {
                NullBdev.create(many, new NullBdevOptions("Null" + i, 512, 1024));
            }
            return true;
        });
        long bytes = allocated(() -> rt.await(many.closeAsync()));
        assertThat(bytes / DEVICES).as("bytes to remove a device").isLessThan(PER_DEVICE);
    }

    @Test
    void manyThreadsHaveManyChannelsAndNothingToPoll() throws Exception {
        create(0, CHANNELS);
        long perThread = allocated(() -> {
            for (int i = 0; i < THREADS; i++) {
                rt.createThread("t" + i);
            }
        });
        assertThat(perThread / THREADS).as("bytes of a thread").isLessThan(PER_THREAD);
        List<BdevDesc> descs = on(app, () -> {
            List<BdevDesc> open = new ArrayList<>();
            for (int i = 0; i < CHANNELS; i++) {
                open.add(bdevs.open("Null" + i, OpenMode.READ_WRITE, BdevEventListener.NONE));
            }
            return open;
        });
        DmaBuf buf = pool.allocate(512);
        List<SpdkThread> threads = rt.threads();
        for (SpdkThread t : threads) { // what each thread has once
            BdevChannel channel = on(t, descs.getFirst()::openChannel);
            rt.await(on(t, () -> channel.readAsync(buf, 0)));
        }
        long bytes = allocated(() -> threads.forEach(t -> on(t, () -> {
            for (BdevDesc desc : descs.subList(1, CHANNELS)) {
                desc.openChannel().submitRead(buf, 0, (_, _) -> {}, null);
            }
            return true;
        })));
        assertThat(bytes / (threads.size() * (CHANNELS - 1L)))
                .as("bytes of a channel")
                .isLessThan(PER_CHANNEL);
        for (SpdkThread t : threads) {
            assertThat(on(t, t::pollerList)).as("an idle thread polls nothing").isEmpty();
        }
        descs.forEach(BdevDesc::close);
        for (BdevDesc desc : descs) {
            rt.await(desc.closed());
        }
        buf.close();
    }
}
