// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Opening, events, resizing, removal and closing, in the orders that hurt. */
class BdevLifecycleTest {
    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = w.device(s -> s);
    private final Bdev bdev = w.bdevs.lookup("D");
    private final List<String> events = new ArrayList<>();

    @AfterEach
    void close() {
        w.close();
    }

    private BdevDesc open(SpdkThread thread) {
        return w.on(
                thread,
                () -> w.bdevs.open("D", OpenMode.READ_WRITE, (event, desc) -> {
                    events.add(event + " on " + thread.name() + (desc.isClosed() ? " after close" : ""));
                    assertThat(thread.isCurrent()).isTrue();
                }));
    }

    @Test
    void removalTellsEveryDescriptorAndWaitsForTheLast() {
        BdevDesc a = open(w.app);
        BdevDesc b = open(w.other);
        CompletableFuture<Void> gone = w.bdevs.unregister(bdev);
        w.rt.runUntilIdle();
        assertThat(events).containsExactlyInAnyOrder("REMOVED on app", "REMOVED on other");
        a.close();
        w.rt.runUntilIdle();
        assertThat(gone).isNotDone();
        assertThat(w.bdevs.lookup("D")).as("the name stays taken").isSameAs(bdev);
        assertThatThrownBy(() -> open(w.app))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        b.close();
        w.rt.await(gone);
        assertThat(w.bdevs.lookup("D")).isNull();
        assertThat(d.destructs).isEqualTo(1);
    }

    @Test
    void whatItCanDoMayChange() {
        BdevChannel old = w.channel(w.app);
        d.types.remove(IoType.WRITE);
        d.types.remove(IoType.UNMAP);
        bdev.notifyTypes();
        assertThat(bdev.supports(IoType.WRITE) || bdev.supports(IoType.COPY)).isFalse();
        assertThat(bdev.supports(IoType.READ) && !bdev.emulates(IoType.READ)).isTrue();
        BdevChannel channel = w.channel(w.app);
        w.run(w.app, () -> {
            old.submitUnmap(0, 512, w.note, "an open channel goes on:");
            assertThatThrownBy(() -> channel.submitUnmap(0, 512, w.note, "another"))
                    .isInstanceOf(UnsupportedOperationException.class);
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("an open channel goes on: success");
        assertThat(d.seen).extracting(FakeDevice.Seen::type).containsExactly(IoType.UNMAP);
    }

    @Test
    void removalOfWhatIsNotOpenIsImmediate() {
        w.rt.await(w.bdevs.unregister(bdev));
        assertThat(d.destructs).isEqualTo(1);
        assertThat(w.bdevs.bdevs()).isEmpty();
    }

    @Test
    void aSecondRemovalIsRefused() {
        BdevDesc a = open(w.app);
        var first = w.bdevs.unregister(bdev);
        assertThatThrownBy(() -> w.rt.await(w.bdevs.unregister(bdev)))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        a.close();
        w.rt.await(first);
        assertThat(d.destructs).isEqualTo(1);
    }

    @Test
    void removalWithIoInFlightWaitsForTheDevice() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevDesc a = open(w.app);
        BdevChannel ch = w.on(w.app, a::openChannel);
        DmaBuf buf = w.buf(1);
        d.capacity = 1;
        w.run(w.app, () -> {
            ch.submitRead(buf, 0, w.note, "at device");
            ch.submitRead(buf, 0, w.note, "queued");
        });
        var gone = w.bdevs.unregister(bdev);
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("queued aborted");
        a.close();
        w.rt.runUntilIdle();
        assertThat(gone).isNotDone();
        assertThat(d.channelsOpen).isEqualTo(1);
        assertThatThrownBy(buf::close).isInstanceOf(IllegalStateException.class);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.await(gone);
        assertThat(w.ends).containsExactly("queued aborted", "at device success");
        assertThat(d.channelsOpen).isZero();
        buf.close();
    }

    @Test
    void noEventAfterClose() {
        BdevDesc a = open(w.app);
        w.run(w.app, () -> {
            bdev.notifyBlockCount(200);
            a.close();
        });
        w.rt.await(w.bdevs.unregister(bdev));
        w.rt.runUntilIdle();
        assertThat(events).isEmpty();
    }

    @Test
    void closingIsIdempotentAndAllowedAnywhere() {
        BdevDesc a = open(w.app);
        w.run(w.other, a::close);
        a.close();
        w.rt.runUntilIdle();
        assertThat(bdev.openCount()).isZero();
        assertThat(a.closed()).isDone();
        assertThatThrownBy(() -> w.run(w.app, a::openChannel)).cause().hasMessageContaining("is closed");
    }

    @Test
    void aDescriptorClosesItsChannelsFirst() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevDesc a = open(w.app);
        BdevChannel here = w.on(w.app, a::openChannel);
        BdevChannel there = w.on(w.other, a::openChannel);
        w.run(w.other, () -> there.submitRead(w.buf(1), 0, w.note, "x"));
        a.close();
        w.rt.runUntilIdle();
        assertThat(here.isClosed()).isTrue();
        assertThat(a.closed()).isNotDone();
        assertThat(bdev.openCount()).isEqualTo(1);
        assertThatThrownBy(() -> w.run(w.other, () -> there.submitRead(w.buf(1), 0, w.note, "y")))
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("read on bdev D", "closed");
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.runUntilIdle();
        assertThat(a.closed()).isDone();
        assertThat(w.ends).containsExactly("x success");
        assertThat(d.channelsOpen).isZero();
    }

    @Test
    void channelsOfAThreadShareTheDevicesChannel() {
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.app);
        assertThat(d.channelsOpen).isEqualTo(1);
        a.close();
        w.rt.runUntilIdle();
        assertThat(d.channelsOpen).isEqualTo(1);
        w.run(w.app, () -> b.submitRead(w.buf(1), 0, w.note, "b"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("b success");
        b.close();
        w.rt.runUntilIdle();
        assertThat(d.channelsOpen).isZero();
    }

    @Test
    void aCallbackMayCloseItsOwnChannel() {
        BdevChannel a = w.channel(w.app);
        w.run(w.app, () -> {
            a.submitRead(w.buf(1), 0, (_, _) -> a.desc().close(), null);
            a.submitRead(w.buf(1), 0, w.note, "after");
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("after success");
        assertThat(d.channelsOpen).isZero();
    }

    @Test
    void growsAtAnyTimeAndShrinksWhenClosed() throws SpdkException {
        BdevDesc a = open(w.app);
        bdev.notifyBlockCount(129);
        bdev.notifyBlockCount(130);
        assertThat(bdev.blockCount()).isEqualTo(130);
        w.rt.runUntilIdle();
        assertThat(events).as("two changes, one event").containsExactly("RESIZED on app");
        bdev.notifyBlockCount(130);
        w.rt.runUntilIdle();
        assertThat(events).hasSize(1);
        assertThatThrownBy(() -> bdev.notifyBlockCount(100))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                .hasMessageContainingAll("130 to 100", "1 descriptors");
        a.close();
        w.rt.runUntilIdle();
        bdev.notifyBlockCount(100);
        assertThat(bdev.sizeBytes()).isEqualTo(51_200);
    }

    @Test
    void newBlocksCanBeReadAfterGrowing() throws SpdkException {
        FakeDevice large = new FakeDevice(512, 64);
        Bdev g = w.bdevs.register(BdevSpec.builder("G", 512, 32).build(), large);
        BdevChannel ch = w.on(
                w.app,
                () -> w.bdevs
                        .open("G", OpenMode.READ_ONLY, BdevEventListener.NONE)
                        .openChannel());
        assertThatThrownBy(() -> w.rt.await(ch.readBlocksAsync(w.buf(1), 63, 1)))
                .isInstanceOf(IllegalArgumentException.class);
        g.notifyBlockCount(64);
        w.rt.await(ch.readBlocksAsync(w.buf(1), 63, 1));
    }

    @Test
    void statisticsAddUpOverThreadsAndClosedChannels() {
        BdevChannel a = w.channel(w.app);
        BdevChannel b = w.channel(w.other);
        w.rt.await(a.readAsync(w.buf(2), 0));
        w.rt.await(b.readAsync(w.buf(1), 0));
        w.rt.await(b.writeAsync(w.buf(4, 1), 0));
        w.rt.await(b.unmapAsync(0, 512));
        d.failure = 1;
        assertThatThrownBy(() -> w.rt.await(a.readAsync(w.buf(2), 0)));
        d.failure = 0;
        b.close();
        w.rt.runUntilIdle();
        BdevStats s = w.rt.await(bdev.stats(BdevStats.Reset.NONE));
        assertThat(s.read().ops()).isEqualTo(2);
        assertThat(s.read().bytes()).isEqualTo(3 * 512);
        assertThat(s.write().bytes()).isEqualTo(4 * 512);
        assertThat(s.unmap().ops()).isEqualTo(1);
        assertThat(s.errors()).containsEntry(IoStatus.Kind.AIO_ERROR, 1L);
        assertThat(s.toJson()).containsEntry("bytes_read", 1536L).containsEntry("num_write_ops", 1L);
        assertThat(w.on(w.app, a::stats).read().ops()).isEqualTo(1);

        w.rt.await(bdev.stats(BdevStats.Reset.ERROR));
        s = w.rt.await(bdev.stats());
        assertThat(s.errors()).isEmpty();
        assertThat(s.read().ops()).isEqualTo(2);
        w.rt.await(bdev.stats(BdevStats.Reset.ALL));
        assertThat(w.rt.await(bdev.stats()).read().ops()).isZero();
    }

    @Test
    void latenciesAreMeasuredAndExtremesReset() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel a = w.channel(w.app);
        for (int micros : new int[] {30, 10, 20}) {
            w.run(w.app, () -> a.submitRead(w.buf(1), 0, w.note, "x"));
            w.rt.advance(java.time.Duration.ofNanos(micros * 1000L));
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        BdevStats.PerType r = w.rt.await(bdev.stats(BdevStats.Reset.MAXMIN)).read();
        assertThat(r.latencyNanos()).isEqualTo(60_000);
        assertThat(r.minLatencyNanos()).isEqualTo(10_000);
        assertThat(r.maxLatencyNanos()).isEqualTo(30_000);
        r = w.rt.await(bdev.stats()).read();
        assertThat(r.ops()).isEqualTo(3);
        assertThat(r.maxLatencyNanos()).isZero();
        assertThat(r.minLatencyNanos()).isZero();
    }
}
