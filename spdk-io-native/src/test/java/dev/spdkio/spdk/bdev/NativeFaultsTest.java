// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.ffi.NativeShim;
import dev.spdkio.spdk.runtime.NativeThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SPDK's devices in the hub when something fails, goes, or runs out: each I/O ends once, and says how. */
@Timeout(120)
class NativeFaultsTest {
    private static final int BLOCK = 512;
    private static final String BASE = "FaultyBase";
    private static final String OTHER = "FaultyOther";
    private static final String FAULTY = "EE_FaultyBase";
    private static final String SLOW = "Slow";
    private static final String PASSING = "Passing";

    @SuppressWarnings("NullAway.Init")
    private SpdkThread app;

    @SuppressWarnings("NullAway.Init")
    private DmaBuf buf;

    private final List<BdevDesc> open = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        app = NativeApp.get().appThread();
        buf = NativeApp.get().dmaPool().allocate(BLOCK, 4096);
        for (String name : List.of(BASE, OTHER)) {
            NativeApp.rpc("bdev_malloc_create", Map.of("name", name, "num_blocks", 16384, "block_size", BLOCK));
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (BdevDesc desc : open) {
            desc.close();
            await(desc.closed());
        }
        delete("bdev_passthru_delete", PASSING);
        delete("bdev_delay_delete", SLOW);
        delete("bdev_error_delete", FAULTY);
        delete("bdev_malloc_delete", BASE);
        delete("bdev_malloc_delete", OTHER);
        assertThat(buf.pins()).isZero();
        buf.close();
    }

    private static void delete(String method, String name) throws Exception {
        Bdev bdev = NativeApp.get().bdevs().lookup(name);
        if (bdev != null) {
            NativeApp.rpc(method, Map.of("name", name));
            await(bdev.gone());
        }
    }

    private static <T extends @Nullable Object> T await(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private BdevChannel open(String name, SpdkThread thread, BdevEventListener listener) throws Exception {
        return await(thread.call(() -> {
            BdevDesc desc = NativeApp.get().bdevs().open(name, OpenMode.READ_WRITE, listener);
            open.add(desc);
            return desc.openChannel();
        }));
    }

    private void makeFaulty() throws Exception {
        NativeApp.make(FAULTY, "bdev_error_create", Map.of("base_name", BASE));
    }

    private void makeSlow(int micros) throws Exception {
        NativeApp.make(
                SLOW,
                "bdev_delay_create",
                Map.of(
                        "name", SLOW,
                        "base_bdev_name", BASE,
                        "avg_read_latency", micros,
                        "p99_read_latency", micros,
                        "avg_write_latency", micros,
                        "p99_write_latency", micros));
    }

    /** The ends of requests of one thread. */
    private static final class Ends {
        final List<IoStatus> statuses = new ArrayList<>();
        final CompletableFuture<List<IoStatus>> all = new CompletableFuture<>();
        private final int expected;

        Ends(int expected) {
            this.expected = expected;
        }

        void add(IoStatus status, @Nullable Object ignored) {
            statuses.add(status);
            if (statuses.size() == expected) {
                all.complete(statuses);
            }
        }
    }

    private List<IoStatus> reads(BdevChannel channel, int count) throws Exception {
        Ends ends = new Ends(count);
        channel.thread().execute(() -> submit(channel, ends, count));
        return await(ends.all);
    }

    private void submit(BdevChannel channel, Ends ends, int count) {
        for (int i = 0; i < count; i++) {
            channel.submitRead(buf, (long) i % 1024 * BLOCK, ends::add, null);
        }
    }

    @Test
    @DisplayName("an injected failure is told; an injected lack of room is not")
    void injectedErrors() throws Exception {
        makeFaulty();
        BdevChannel channel = open(FAULTY, app, BdevEventListener.NONE);
        inject(Map.of("error_type", "failure", "num", 2));
        assertThat(reads(channel, 3)).containsExactly(IoStatus.FAILED, IoStatus.FAILED, IoStatus.SUCCESS);
        inject(Map.of("error_type", "nomem", "num", 5));
        assertThat(reads(channel, 8)).hasSize(8).containsOnly(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("an injected failure of NVMe is told with its status")
    void injectedNvmeErrors() throws Exception {
        makeFaulty();
        NativeApp.assumeSince("v26.05", "injects no failures of NVMe");
        BdevChannel channel = open(FAULTY, app, BdevEventListener.NONE);
        inject(Map.of("error_type", "nvme_failure", "num", 1, "nvme_sct", 2, "nvme_sc", 0x81));
        assertThat(reads(channel, 1)).containsExactly(IoStatus.nvme(0, 2, 0x81));
    }

    private static void inject(Map<String, Object> what) throws Exception {
        Map<String, Object> params = new HashMap<>(what);
        params.put("name", FAULTY);
        params.put("io_type", "read");
        NativeApp.rpc("bdev_error_inject_error", params);
    }

    @Test
    @DisplayName("what hangs in a device ends aborted by a reset")
    void resetEndsWhatHangs() throws Exception {
        makeFaulty();
        BdevChannel channel = open(FAULTY, app, BdevEventListener.NONE);
        inject(Map.of("error_type", "pending", "num", 3));
        Ends ends = new Ends(3);
        await(app.call(() -> {
            submit(channel, ends, 3);
            return true;
        }));
        await(channel.resetAsync());
        assertThat(await(ends.all)).hasSize(3).doesNotContain(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("an abort ends what was not yet sent to SPDK, and what SPDK has")
    void aborts() throws Exception {
        makeSlow(2_000_000);
        BdevChannel channel = open(SLOW, app, BdevEventListener.NONE);
        Object tag = new Object();
        Ends ends = new Ends(2);
        await(app.call(() -> {
            channel.submitRead(buf, 0, ends::add, tag);
            channel.submitAbort(tag, ends::add, null);
            return true;
        }));
        if (NativeShim.isAvailable()) {
            assertThat(await(ends.all)).containsExactlyInAnyOrder(IoStatus.ABORTED, IoStatus.SUCCESS);
        } else { // the malloc device below has it at that moment, and ends nothing early
            assertThat(await(ends.all)).hasSize(2).contains(IoStatus.SUCCESS);
        }
        Ends later = new Ends(1);
        await(app.call(() -> {
            channel.submitRead(buf, 0, later::add, tag);
            return true;
        }));
        await(NativeApp.call("bdev_get_bdevs", Map.of("name", SLOW))); // the request is at SPDK meanwhile
        await(channel.abortAsync(tag));
        assertThat(await(later.all)).containsExactly(IoStatus.ABORTED);
    }

    @Test
    @DisplayName("a slow device that is removed under load ends every request, and goes")
    void removalUnderLoad() throws Exception {
        makeSlow(2_000);
        Ends ends = new Ends(5_000);
        CompletableFuture<BdevDesc> told = new CompletableFuture<>();
        BdevChannel channel = open(SLOW, app, (event, desc) -> {
            if (event == BdevEvent.REMOVED) {
                told.complete(desc);
                desc.close();
            }
        });
        app.execute(() -> submit(channel, ends, 5_000));
        var bdev = channel.bdev();
        await(NativeApp.call("bdev_delay_delete", Map.of("name", SLOW)));
        assertThat(await(ends.all)).hasSize(5_000).allMatch(s -> s.isSuccess() || s.equals(IoStatus.ABORTED));
        assertThat(await(told)).isNotNull();
        await(bdev.gone());
    }

    @Test
    @DisplayName("resets in a storm, under load of two threads: everything ends")
    void resetStorm() throws Exception {
        makeSlow(500);
        SpdkThread other = NativeApp.get().runtime().createThread("storm");
        BdevChannel here = open(SLOW, app, BdevEventListener.NONE);
        BdevChannel there = open(SLOW, other, BdevEventListener.NONE);
        List<Ends> all = List.of(new Ends(2_000), new Ends(2_000));
        app.execute(() -> submit(here, all.getFirst(), 2_000));
        other.execute(() -> submit(there, all.getLast(), 2_000));
        List<CompletableFuture<Void>> resets = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            resets.add((i % 2 == 0 ? here : there).resetAsync());
        }
        for (CompletableFuture<Void> reset : resets) {
            await(reset);
        }
        for (Ends ends : all) {
            assertThat(await(ends.all)).allMatch(s -> s.isSuccess() || s.equals(IoStatus.ABORTED));
        }
        assertThat(reads(here, 10)).containsOnly(IoStatus.SUCCESS);
        there.desc().close();
        await(there.desc().closed());
        open.remove(there.desc());
        await(other.exit());
    }

    @Test
    @DisplayName("while one device has all of SPDK's I/O objects, the requests of another wait until SPDK has some")
    void waitsForIoObjects() throws Exception {
        makeSlow(1_000_000); // longer than it takes to submit them all
        NativeApp.make(PASSING, "bdev_passthru_create", Map.of("name", PASSING, "base_bdev_name", SLOW));
        int many = 40_000; // for which SPDK needs two each until they end, and has 65,535
        BdevChannel slow = open(PASSING, app, BdevEventListener.NONE);
        BdevChannel fast = open(OTHER, app, BdevEventListener.NONE);
        Ends slowEnds = new Ends(many);
        Ends fastEnds = new Ends(100);
        long before = await(app.call(NativeFaultsTest::wakeUps));
        app.execute(() -> {
            submit(slow, slowEnds, many);
            submit(fast, fastEnds, 100);
        });
        assertThat(await(slowEnds.all)).hasSize(many).containsOnly(IoStatus.SUCCESS);
        assertThat(await(fastEnds.all)).hasSize(100).containsOnly(IoStatus.SUCCESS);
        assertThat(await(app.call(NativeFaultsTest::wakeUps)))
                .as("wake-ups by SPDK")
                .isGreaterThan(before);
    }

    private static long wakeUps() {
        return NativeThread.enter().queue().roomWait.wakeUps();
    }
}
