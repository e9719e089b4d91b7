// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.QosLimits;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What SPDK does for its devices beside I/O, and memory that is not its own. */
@Timeout(60)
class SpdkBdevsTest {
    private static final String NAME = "Controlled";

    @SuppressWarnings("NullAway.Init")
    private SpdkApp app;

    @SuppressWarnings("NullAway.Init")
    private Bdev bdev;

    @BeforeEach
    void start() throws Exception {
        app = NativeApp.get();
        bdev = NativeApp.make(NAME, "bdev_malloc_create", Map.of("name", NAME, "num_blocks", 1024, "block_size", 512));
    }

    @AfterEach
    void stop() throws Exception {
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", NAME));
        await(bdev.gone());
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private void read(int times) throws Exception {
        BdevDesc desc = await(app.appThread().call(() -> app.bdevs().open(NAME, OpenMode.READ_ONLY, (_, _) -> {})));
        try (DmaBuf buf = app.dmaPool().allocate(512, 4096)) {
            BdevChannel channel = await(app.appThread().call(desc::openChannel));
            for (int i = 0; i < times; i++) {
                await(channel.readAsync(buf, 0));
            }
        } finally {
            desc.close();
            await(desc.closed());
        }
    }

    @Test
    @DisplayName("limits are set, read and taken away")
    void limits() throws Exception {
        QosLimits limits = new QosLimits(20_000, 100, 50, 40);
        await(SpdkBdevs.setQosLimits(bdev, limits));
        assertThat(await(SpdkBdevs.qosLimits(bdev))).isEqualTo(limits);
        read(10);
        await(SpdkBdevs.setQosLimits(bdev, QosLimits.NONE));
        assertThat(await(SpdkBdevs.qosLimits(bdev))).isEqualTo(QosLimits.NONE);
        assertThatThrownBy(() -> new QosLimits(-1, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("a histogram has every I/O since it was enabled")
    void histogram() throws Exception {
        BdevDesc desc = await(app.appThread().call(() -> app.bdevs().open(NAME, OpenMode.READ_ONLY, (_, _) -> {})));
        BdevChannel keptOpen = await(app.appThread().call(desc::openChannel));
        await(SpdkBdevs.enableHistogram(bdev, true));
        read(25);
        LatencyHistogram histogram = await(SpdkBdevs.histogram(bdev));
        assertThat(histogram.count()).isEqualTo(25);
        assertThat(histogram.percentile(100))
                .isBetween(1L, Duration.ofSeconds(30).toNanos());
        assertThat(histogram.percentile(50)).isLessThanOrEqualTo(histogram.percentile(100));
        await(SpdkBdevs.enableHistogram(bdev, false));
        assertThatThrownBy(() -> await(SpdkBdevs.histogram(bdev)))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT));
        keptOpen.close();
        desc.close();
        await(desc.closed());
    }

    @Test
    @DisplayName("an open waits until SPDK has the device")
    void openWaits() throws Exception {
        String later = NAME + "Later";
        CompletableFuture<BdevDesc> opened = await(app.appThread()
                .call(() -> app.bdevs()
                        .openWhenPresent(later, OpenMode.READ_WRITE, BdevEventListener.NONE, Duration.ofSeconds(30))));
        assertThat(opened).isNotDone();
        NativeApp.rpc("bdev_null_create", Map.of("name", later, "num_blocks", 16, "block_size", 512));
        BdevDesc desc = await(opened);
        assertThat(desc.bdev().name()).isEqualTo(later);
        desc.close();
        await(desc.closed());
        NativeApp.rpc("bdev_null_delete", Map.of("name", later));
    }

    @Test
    @DisplayName("memory is registered once at a time; what cannot be is refused with the reason")
    void registersMemory() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(2 * SpdkMemory.GRANULARITY, SpdkMemory.GRANULARITY);
            try (SpdkMemory registered = SpdkMemory.register(memory)) {
                assertThat(registered.segment()).isSameAs(memory);
                assertThatThrownBy(() -> SpdkMemory.register(memory))
                        .isInstanceOfSatisfying(
                                SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                        .hasMessageContaining("registered already");
            }
            SpdkMemory again = SpdkMemory.register(memory);
            again.close();
            again.close();
            assertThatThrownBy(() -> SpdkMemory.register(memory.asSlice(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("multiples of");
            assertThatThrownBy(() -> SpdkMemory.register(MemorySegment.ofArray(new byte[8])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
