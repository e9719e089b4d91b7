// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link BdevDesc#setTimeout}: who is told of what, how often, and what can be done then. */
final class IoTimeoutTest {
    private static final Duration LIMIT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMillis(130);

    private final BdevWorld w = new BdevWorld(1, BdevOptions.DEFAULT.withBdevIoPoolSize(4));
    private final FakeDevice d = new FakeDevice(BdevWorld.BLOCK, 128);
    private final List<TimedOutIo> told = new ArrayList<>();

    @AfterEach
    void close() {
        w.close();
    }

    private BdevDesc open() {
        d.mode = FakeDevice.Mode.HOLD;
        w.register(d, spec -> spec.maxRwBlocks(4));
        return w.open(w.app, OpenMode.READ_WRITE);
    }

    private BdevChannel channel(BdevDesc desc, SpdkThread thread) {
        return w.on(thread, desc::openChannel);
    }

    private void listen(BdevDesc desc) {
        desc.setTimeout(LIMIT, io -> {
            w.app.checkCurrent("the listener");
            told.add(io);
        });
        w.rt.runUntilIdle();
    }

    /** A channel of a descriptor that is listened to. */
    private BdevChannel watched(SpdkThread thread) {
        BdevDesc desc = open();
        listen(desc);
        return channel(desc, thread);
    }

    @Test
    void tellsOfEachIoOnceOnTheThreadOfTheDescriptor() {
        BdevChannel there = watched(w.other);
        DmaBuf buf = w.buf(2);
        w.run(w.other, () -> there.submitWriteBlocks(buf, 6, 2, w.note, "slow"));
        w.rt.runFor(LIMIT.minusMillis(1));
        assertThat(told).isEmpty();
        w.rt.runFor(Duration.ofMillis(30));
        assertThat(told).hasSize(1);
        TimedOutIo io = told.getFirst();
        assertThat(io.type()).isEqualTo(IoType.WRITE);
        assertThat(io.offsetBlocks()).isEqualTo(6);
        assertThat(io.blockCount()).isEqualTo(2);
        assertThat(io.userData()).isEqualTo("slow");
        assertThat(io.thread()).isSameAs(w.other);
        assertThat(io.age()).isBetween(LIMIT, LONG);
        assertThat(io)
                .hasToString(io.toString())
                .asString()
                .contains("write of 2 blocks at block 6 of bdev D", "other");
        w.rt.runFor(Duration.ofSeconds(5));
        assertThat(told).hasSize(1);
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(w.ends).containsExactly("slow success");
    }

    @Test
    void tellsOnlyOfItsOwnDescriptor() {
        BdevDesc desc = open();
        listen(desc);
        BdevChannel stranger = channel(w.open(w.app, OpenMode.READ_WRITE), w.app);
        channel(desc, w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> stranger.submitRead(buf, 0, w.note, "stranger"));
        w.rt.runFor(Duration.ofSeconds(1));
        assertThat(told).isEmpty();
    }

    @Test
    void tellsOfWhatWaitsInTheHubToo() {
        BdevChannel ch = watched(w.app);
        d.capacity = 1;
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> {
            for (int i = 0; i < 6; i++) { // 1 at the device, 3 wait for room there, 2 for an object
                ch.submitReadBlocks(buf, i, 1, w.note, i);
            }
        });
        w.rt.runFor(LONG);
        assertThat(told).extracting(TimedOutIo::userData).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
    }

    @Test
    void tellsOfARequestInPartsOnce() {
        BdevChannel ch = watched(w.app);
        DmaBuf buf = w.buf(12);
        w.run(w.app, () -> ch.submitRead(buf, 512, w.note, "parts"));
        w.rt.runFor(LONG);
        assertThat(told).hasSize(1);
        assertThat(told.getFirst().blockCount()).isEqualTo(12);
        assertThat(told.getFirst().offsetBlocks()).isEqualTo(1);
    }

    @Test
    void tellsOfAResetAndOfWhatFuturesWaitFor() {
        BdevChannel ch = watched(w.app);
        DmaBuf buf = w.buf(1);
        var _ = w.on(w.app, () -> ch.readAsync(buf, 0));
        var _ = w.on(w.app, ch::resetAsync);
        w.rt.runFor(LONG);
        assertThat(told).extracting(TimedOutIo::type).containsExactlyInAnyOrder(IoType.READ, IoType.RESET);
        assertThat(told).extracting(TimedOutIo::userData).containsOnlyNulls();
    }

    @Test
    void abortEndsJustThatIo() {
        d.types.add(IoType.ABORT);
        BdevChannel ch = watched(w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> {
            ch.submitReadBlocks(buf, 0, 1, w.note, "same");
            ch.submitReadBlocks(buf, 1, 1, w.note, "same");
        });
        w.rt.runFor(LONG);
        assertThat(told).hasSize(2);
        TimedOutIo first =
                told.stream().filter(io -> io.offsetBlocks() == 0).findFirst().orElseThrow();
        assertThat(w.rt.await(first.abort())).isTrue();
        assertThat(w.ends).containsExactly("same aborted");
        assertThat(buf.pins()).isEqualTo(1);
        assertThat(w.rt.await(first.abort())).isFalse();
        assertThat(w.ends).hasSize(1);
    }

    @Test
    void whatCannotBeAbortedKeepsItsBuffer() {
        BdevChannel ch = watched(w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> ch.submitReadBlocks(buf, 0, 1, w.note, "stuck"));
        w.rt.runFor(LONG);
        assertThat(w.rt.await(told.getFirst().abort())).isFalse();
        assertThatThrownBy(buf::close).isInstanceOf(IllegalStateException.class);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(w.ends).containsExactly("stuck success");
        buf.close();
    }

    @Test
    void theActionAbortEndsWhatTakesTooLong() {
        d.types.add(IoType.ABORT);
        BdevDesc desc = open();
        desc.setTimeout(LIMIT, IoTimeoutListener.ABORT);
        BdevChannel ch = channel(desc, w.other);
        DmaBuf small = w.buf(1);
        DmaBuf large = w.buf(16);
        w.run(w.other, () -> {
            ch.submitRead(small, 0, w.note, "small");
            ch.submitRead(large, 0, w.note, "large");
        });
        w.rt.runFor(LONG);
        assertThat(w.ends).containsExactlyInAnyOrder("small aborted", "large aborted");
        assertThat(small.pins() + large.pins()).isZero();
    }

    @Test
    void theActionResetResetsOnce() {
        BdevDesc desc = open();
        desc.setTimeout(LIMIT, IoTimeoutListener.RESET);
        BdevChannel ch = channel(desc, w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> {
            ch.submitReadBlocks(buf, 0, 1, w.note, "a");
            ch.submitReadBlocks(buf, 1, 1, w.note, "b");
        });
        w.rt.runFor(Duration.ofSeconds(1));
        assertThat(d.seen).filteredOn(s -> s.type() == IoType.RESET).hasSize(1);
    }

    @Test
    void tellsNothingAfterItWasTurnedOffOrClosed() {
        BdevDesc desc = open();
        listen(desc);
        BdevChannel ch = channel(desc, w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> ch.submitReadBlocks(buf, 0, 1, w.note, "a"));
        desc.setTimeout(Duration.ZERO, told::add);
        w.rt.runFor(Duration.ofSeconds(1));
        assertThat(told).isEmpty();
        listen(desc);
        desc.close();
        w.rt.runFor(Duration.ofSeconds(1));
        assertThat(told).isEmpty();
        assertThatThrownBy(() -> desc.setTimeout(LIMIT, told::add)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aListenerThatThrowsDoesNotKeepOthersFromHearing() {
        BdevDesc desc = open();
        desc.setTimeout(LIMIT, io -> {
            told.add(io);
            throw new IllegalStateException("a bad listener, for the test");
        });
        BdevChannel ch = channel(desc, w.app);
        DmaBuf buf = w.buf(1);
        CompletableFuture<Void> a = w.on(w.app, () -> ch.readBlocksAsync(buf, 0, 1));
        CompletableFuture<Void> b = w.on(w.app, () -> ch.readBlocksAsync(buf, 1, 1));
        w.rt.runFor(LONG);
        assertThat(told).hasSize(2);
        assertThat(a).isNotDone();
        assertThat(b).isNotDone();
    }
}
