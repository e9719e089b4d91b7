// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Histograms, queue depth, and statistics by thread and by status. */
final class BdevControlTest {
    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = w.device(spec -> spec);
    private final Bdev bdev = w.bdevs.lookup("D");
    private final DmaBuf buf = w.buf(1);

    @AfterEach
    void close() {
        w.close();
    }

    /** One I/O that takes that long. */
    private void io(BdevChannel ch, IoType type, Duration time, IoStatus status) {
        d.mode = FakeDevice.Mode.HOLD;
        w.run(ch.thread(), () -> ch.submit(type, buf, 0, 0, 1, w.note, type));
        w.rt.runFor(time);
        w.run(ch.thread(), () -> d.finishOldest(status));
    }

    private LatencyHistogram histogram(boolean reset) {
        return w.rt.await(bdev.histogram(reset));
    }

    @Test
    void aHistogramHasTheTimesOfAllThreads() {
        BdevChannel before = w.channel(w.app);
        w.rt.await(bdev.enableHistogram(true, null));
        BdevChannel after = w.channel(w.other);
        io(before, IoType.READ, Duration.ofNanos(1_000_000), IoStatus.SUCCESS);
        io(after, IoType.WRITE, Duration.ofNanos(3_000_000), IoStatus.SUCCESS);
        io(after, IoType.WRITE, Duration.ofNanos(5_000_000), IoStatus.FAILED);
        LatencyHistogram h = histogram(false);
        assertThat(h.count()).isEqualTo(3);
        assertThat(h.min()).isEqualTo(1_000_000);
        assertThat(h.percentile(50)).isBetween(3_000_000L, 3_030_000L);
        assertThat(h.max()).isEqualTo(5_000_000);
        Map<SpdkThread, LatencyHistogram> byThread = w.rt.await(bdev.histogramByThread());
        assertThat(byThread.get(w.app).count()).isEqualTo(1);
        assertThat(byThread.get(w.other).count()).isEqualTo(2);

        after.close();
        w.rt.runUntilIdle();
        assertThat(histogram(true).count()).isEqualTo(3);
        assertThat(histogram(false).count()).isZero();
        io(before, IoType.READ, Duration.ofNanos(1_000_000), IoStatus.SUCCESS);
        assertThat(histogram(false).count()).isEqualTo(1);
        w.rt.await(bdev.enableHistogram(false, null));
        assertThatThrownBy(() -> histogram(false))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT));
    }

    @Test
    void aHistogramCanBeOfOneType() {
        BdevChannel ch = w.channel(w.app);
        w.rt.await(bdev.enableHistogram(true, IoType.WRITE));
        assertThat(bdev.histogramType()).isEqualTo(IoType.WRITE);
        io(ch, IoType.READ, Duration.ofMillis(1), IoStatus.SUCCESS);
        io(ch, IoType.WRITE, Duration.ofMillis(2), IoStatus.SUCCESS);
        assertThat(histogram(false).count()).isEqualTo(1);
        w.rt.await(bdev.enableHistogram(true, IoType.READ)); // begins anew
        assertThat(histogram(false).count()).isZero();
    }

    @Test
    void theQueueDepthIsLookedForAsOftenAsAsked() {
        assertThat(bdev.queueDepth()).isNull();
        bdev.setQueueDepthSampling(Duration.ofMillis(10));
        w.rt.runUntilIdle();
        BdevChannel here = w.channel(w.app);
        BdevChannel there = w.channel(w.other);
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> here.submitRead(buf, 0, w.note, 1));
        w.run(w.other, () -> there.submitRead(buf, 0, w.note, 2));
        w.run(w.other, () -> there.submitRead(buf, 0, w.note, 3));
        w.rt.runFor(Duration.ofMillis(50));
        assertThat(bdev.queueDepth())
                .isEqualTo(new QueueDepth(Duration.ofMillis(10), 3, Duration.ofMillis(50), Duration.ofMillis(150)));
        assertThat(bdev.queueDepth().toJson())
                .containsEntry("queue_depth_polling_period", 10_000L)
                .containsEntry("weighted_io_time", 150_000L);
        while (!d.held.isEmpty()) {
            w.run(d.held.peek().thread(), () -> d.finishOldest(IoStatus.SUCCESS));
        }
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(bdev.queueDepth().depth()).isZero();
        assertThat(bdev.queueDepth().ioTime()).isEqualTo(Duration.ofMillis(50));
        assertThatThrownBy(() -> bdev.setQueueDepthSampling(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        bdev.setQueueDepthSampling(Duration.ZERO);
        w.rt.runUntilIdle();
        assertThat(bdev.queueDepth()).isNull();
    }

    @Test
    void aDeviceThatGoesIsLookedAtNoMore() {
        bdev.setQueueDepthSampling(Duration.ofMillis(10));
        w.rt.runFor(Duration.ofMillis(30));
        w.rt.await(w.bdevs.unregister(bdev));
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
    }

    @Test
    void statisticsAreByThreadAndErrorsByStatus() {
        BdevChannel here = w.channel(w.app);
        BdevChannel there = w.channel(w.other);
        io(here, IoType.READ, Duration.ofMillis(1), IoStatus.SUCCESS);
        io(there, IoType.WRITE, Duration.ofMillis(1), IoStatus.FAILED);
        io(there, IoType.WRITE, Duration.ofMillis(1), IoStatus.nvme(0, 2, 0x81));
        io(there, IoType.WRITE, Duration.ofMillis(1), IoStatus.aio(Errno.EIO));
        io(there, IoType.WRITE, Duration.ofMillis(1), IoStatus.aio(Errno.EIO));
        Map<SpdkThread, BdevStats> byThread = w.rt.await(bdev.statsByThread(BdevStats.Reset.ERROR));
        assertThat(byThread.get(w.app).read().ops()).isEqualTo(1);
        assertThat(byThread.get(w.app).errors()).isEmpty();
        assertThat(byThread.get(w.other).errors())
                .containsOnly(
                        Map.entry(IoStatus.Kind.FAILED, 1L),
                        Map.entry(IoStatus.Kind.NVME_ERROR, 1L),
                        Map.entry(IoStatus.Kind.AIO_ERROR, 2L));
        BdevStats sum = w.rt.await(bdev.stats());
        assertThat(sum.errors()).isEmpty();
        assertThat(sum.read().ops()).isEqualTo(1);
    }
}
