// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link Bdev#setQosLimits}, to the I/O, in virtual time. */
final class BdevQosTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = w.device(spec -> spec);
    private final Bdev bdev = w.bdevs.lookup("D");
    private final List<Load> loads = new ArrayList<>();

    @AfterEach
    void close() {
        loads.forEach(l -> l.stopped = true);
        if (bdev.isRegistered()) {
            w.rt.await(bdev.setQosLimits(QosLimits.NONE));
        }
        w.rt.runFor(Duration.ofMillis(1));
        w.close();
    }

    /** Keeps so many I/Os of one size under way. */
    private final class Load {
        final BdevChannel channel;
        final DmaBuf buf;
        final IoType type;
        long done;
        boolean stopped;

        Load(SpdkThread thread, IoType type, int blocks, int depth) {
            this.channel = w.channel(thread);
            this.buf = w.buf(blocks);
            this.type = type;
            loads.add(this);
            w.run(thread, () -> {
                for (int i = 0; i < depth; i++) {
                    submit();
                }
            });
        }

        private void submit() {
            channel.submit(type, buf, 0, 0, buf.size() / BdevWorld.BLOCK, this::ended, this);
        }

        private void ended(IoStatus status, Object ignored) {
            if (status.isSuccess()) {
                done++;
                if (!stopped) {
                    submit();
                }
            }
        }

        long bytes() {
            return done * buf.size();
        }
    }

    private void limit(QosLimits limits) {
        w.rt.await(bdev.setQosLimits(limits));
        assertThat(bdev.qosLimits()).isEqualTo(limits);
    }

    private void start(Load... of) {
        for (Load l : of) {
            l.done = 0;
        }
    }

    @Test
    void tenThousandIosASecondAreSharedByTheirChannels() {
        limit(new QosLimits(10_000, 0, 0, 0));
        Load deep = new Load(w.app, IoType.READ, 1, 64);
        Load shallow = new Load(w.other, IoType.WRITE, 1, 4);
        start(deep, shallow);
        w.rt.runFor(SECOND.multipliedBy(10));
        assertThat(deep.done + shallow.done).isBetween(99_990L, 100_010L);
        assertThat(deep.done).isCloseTo(shallow.done, within(10L));
    }

    @Test
    void whatOneChannelDoesNotWantTheOthersHave() {
        limit(new QosLimits(10_000, 0, 0, 0));
        Load deep = new Load(w.app, IoType.READ, 1, 64);
        Load single = new Load(w.other, IoType.READ, 1, 1);
        w.other.execute(() -> {});
        d.mode = FakeDevice.Mode.RANDOM;
        start(deep, single);
        w.rt.runFor(SECOND);
        assertThat(deep.done + single.done).isBetween(9_990L, 10_012L);
        assertThat(single.done).isPositive();
        d.mode = FakeDevice.Mode.INLINE;
    }

    @Test
    void bytesAreSharedHoweverLargeAnIoIs() {
        limit(new QosLimits(0, 4, 0, 0));
        Load large = new Load(w.app, IoType.WRITE, 64, 8);
        Load small = new Load(w.other, IoType.WRITE, 1, 256);
        start(large, small);
        w.rt.runFor(SECOND.multipliedBy(2));
        assertThat(large.bytes() + small.bytes()).isCloseTo(8L << 20, within(64L << 10));
        assertThat(large.bytes()).isCloseTo(small.bytes(), within(64L << 10));
    }

    @Test
    void readsDoNotWaitForTheLimitOfWrites() {
        limit(new QosLimits(100_000, 0, 0, 1));
        Load writes = new Load(w.app, IoType.WRITE, 8, 16);
        Load reads = new Load(w.app, IoType.READ, 1, 16);
        start(writes, reads);
        w.rt.runFor(SECOND);
        assertThat(writes.bytes()).isCloseTo(1L << 20, within(16L << 10));
        assertThat(reads.done).isGreaterThan(90_000);
        limit(new QosLimits(0, 0, 1, 0));
        w.rt.runFor(Duration.ofMillis(1));
        writes.stopped = true;
        w.rt.runFor(Duration.ofMillis(10));
        start(reads);
        w.rt.runFor(SECOND);
        assertThat(reads.bytes()).isCloseTo(1L << 20, within(16L << 10));
    }

    @Test
    void limitsChangeUnderLoad() {
        limit(new QosLimits(0, 1, 0, 0));
        Load load = new Load(w.app, IoType.WRITE, 128, 4); // one is worth 62 ms
        w.rt.runFor(SECOND);
        limit(new QosLimits(1_000, 0, 0, 0));
        start(load);
        w.rt.runFor(SECOND);
        assertThat(load.done).isBetween(999L, 1_002L);
        limit(new QosLimits(7, 0, 0, 0)); // the hub need not round
        start(load);
        w.rt.runFor(SECOND.multipliedBy(10));
        assertThat(load.done).isBetween(69L, 72L);
        load.stopped = true;
        limit(QosLimits.NONE);
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.on(w.app, load.channel::inFlight)).isZero();
    }

    @Test
    void aBurstAfterAPauseIsWorthOneTimeslice() {
        limit(new QosLimits(10_000, 0, 0, 0));
        w.rt.runFor(SECOND);
        Load load = new Load(w.app, IoType.READ, 1, 64);
        w.rt.runUntilIdle();
        assertThat(load.done).isEqualTo(11);
    }

    @Test
    void whatWaitedGoesFirstWhenTheLimitsEnd() {
        limit(new QosLimits(1, 0, 0, 0));
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> {
            for (int block = 0; block < 3; block++) {
                ch.submitWriteBlocks(buf, block, 1, w.note, block);
            }
        });
        limit(QosLimits.NONE);
        w.run(w.app, () -> ch.submitWriteBlocks(buf, 3, 1, w.note, 3));
        assertThat(d.seen.stream().map(FakeDevice.Seen::block)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
    }

    @Test
    void aChannelThatIsOpenedLaterIsLimitedToo() {
        limit(new QosLimits(1_000, 0, 0, 0));
        Load first = new Load(w.app, IoType.READ, 1, 8);
        w.rt.runFor(SECOND);
        start(first);
        Load later = new Load(w.other, IoType.READ, 1, 8);
        w.rt.runFor(SECOND);
        assertThat(first.done + later.done).isBetween(998L, 1_003L);
        assertThat(later.done).isCloseTo(first.done, within(3L));
    }

    @Test
    void whatIsNotReadOrWrittenIsNotLimitedAndRestCostsNothing() {
        limit(new QosLimits(1, 0, 0, 0));
        Load flushes = new Load(w.app, IoType.FLUSH, 1, 1);
        w.run(w.app, () -> flushes.stopped = true);
        w.rt.runUntilIdle();
        assertThat(flushes.done).isPositive();
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
    }

    @Test
    void aResetARemovalAndAnAbortEndWhatWaits() {
        limit(new QosLimits(1, 0, 0, 0));
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> ch.submitRead(buf, 0, w.note, "first"));
        w.run(w.app, () -> ch.submitRead(buf, 0, w.note, "a"));
        CompletableFuture<Void> f = w.on(w.app, () -> ch.readAsync(buf, 0));
        f.cancel(false);
        w.rt.runUntilIdle();
        assertThat(buf.pins()).isEqualTo(1);
        w.rt.await(ch.resetAsync());
        assertThat(w.ends).containsExactly("first success", "a aborted");
        assertThat(w.on(w.app, () -> w.app.pollerList())).isEmpty();
        w.run(w.app, () -> ch.submitWrite(buf, 0, w.note, "b"));
        CompletableFuture<Void> gone = w.bdevs.unregister(bdev);
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("first success", "a aborted", "b aborted");
        ch.desc().close();
        w.rt.await(gone);
    }

    @Test
    void aLockWaitsForWhatTheLimitsHoldBack() {
        limit(new QosLimits(100, 0, 0, 0));
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        w.run(w.app, () -> {
            ch.submitWrite(buf, 0, w.note, "first");
            ch.submitWrite(buf, 0, w.note, "second");
        });
        BdevChannel locker = w.channel(w.other);
        CompletableFuture<RangeLock> lock = locker.lockRangeAsync(0, 1);
        w.rt.runUntilIdle();
        assertThat(lock).isNotDone();
        w.rt.await(lock);
        assertThat(w.ends).containsExactly("first success", "second success");
    }

    @Test
    void refusesNegativeLimits() {
        assertThatThrownBy(() -> new QosLimits(0, 0, -1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(new QosLimits(1, 2, 3, 4).toJson())
                .containsEntry("rw_ios_per_sec", 1L)
                .containsEntry("w_mbytes_per_sec", 4L);
        limit(new QosLimits(0, Long.MAX_VALUE, 0, 0));
        Load load = new Load(w.app, IoType.READ, 128, 1);
        w.run(w.app, () -> load.stopped = true);
        w.rt.runUntilIdle();
        assertThat(load.done).isPositive();
    }
}
