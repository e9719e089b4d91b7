// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Locked and quiesced ranges: what waits, what passes, in which order, and how they end. */
final class RangeLockTest {
    private final BdevWorld w = new BdevWorld(1, BdevOptions.DEFAULT.withIoWaitLimit(8));
    private final FakeDevice d = w.device(spec -> spec.maxRwBlocks(4).acwu(4));
    private final BdevDesc desc = w.open(w.app, OpenMode.READ_WRITE);
    private final BdevChannel mine = w.on(w.app, desc::openChannel);
    private final BdevDesc othersDesc = w.open(w.other, OpenMode.READ_WRITE);
    private final BdevChannel theirs = w.on(w.other, othersDesc::openChannel);
    private final DmaBuf buf = w.buf(8, 1);

    @AfterEach
    void close() {
        w.close();
    }

    private void write(BdevChannel ch, long block, long count) {
        w.run(
                ch.thread(),
                () -> ch.submitWriteBlocks(
                        buf, block, count, w.note, ch.thread().name() + block));
        w.rt.runUntilIdle();
    }

    private void read(BdevChannel ch, long block) {
        w.run(ch.thread(), () -> ch.submitReadBlocks(buf, block, 1, w.note, "read" + block));
        w.rt.runUntilIdle();
    }

    private List<String> ends() {
        List<String> ends = List.copyOf(w.ends);
        w.ends.clear();
        return ends;
    }

    private RangeLock lock(BdevChannel ch, long block, long count) {
        return w.rt.await(ch.lockRangeAsync(block, count));
    }

    @Test
    void othersWriteNothingIntoALockedRangeUntilItIsLetGo() {
        RangeLock lock = lock(mine, 10, 10);
        assertThat(lock.isQuiesced()).isFalse();
        write(theirs, 19, 1);
        write(theirs, 8, 3);
        write(theirs, 20, 1);
        read(theirs, 12);
        write(mine, 12, 1);
        write(mine, 8, 8); // in parts
        assertThat(ends()).containsExactly("other20 success", "read12 success", "app12 success", "app8 success");
        w.rt.await(lock.closeAsync());
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other19 success", "other8 success");
        assertThat(d.seen.getLast().block()).isEqualTo(8);
        lock.close();
    }

    @Test
    void futuresAndTasksOfTheHolderPassToo() {
        Task<Integer> task = w.app.spawn("locker", () -> {
            try (RangeLock _ = mine.lockRange(0, 128)) {
                mine.write(buf, 0);
                mine.copyBlocks(64, 0, 8); // emulated
                return d.seen.size();
            }
        });
        assertThat(w.rt.await(task.future())).isPositive();
        w.rt.runUntilIdle();
        assertThat(w.bdevs.lookup("D").locks.count()).isZero();
    }

    @Test
    void aLockWaitsForWhatWasUnderWay() {
        d.mode = FakeDevice.Mode.HOLD;
        write(theirs, 5, 1);
        CompletableFuture<RangeLock> lock = mine.lockRangeAsync(5, 1);
        w.rt.runFor(java.time.Duration.ofMillis(5));
        assertThat(lock).isNotDone();
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.await(lock).close();
    }

    @Test
    void overlappingLocksAreFirstComeFirstServed() {
        RangeLock first = lock(mine, 0, 10);
        CompletableFuture<RangeLock> second = theirs.lockRangeAsync(5, 10);
        CompletableFuture<RangeLock> third = mine.lockRangeAsync(14, 2);
        CompletableFuture<RangeLock> apart = mine.lockRangeAsync(20, 2);
        w.rt.await(apart);
        assertThat(second).isNotDone();
        assertThat(third).isNotDone();
        first.close();
        RangeLock granted = w.rt.await(second);
        assertThat(third).isNotDone();
        granted.close();
        w.rt.await(third);
    }

    @Test
    void aQuiescedRangeIsTouchedByNobody() {
        RangeLock quiesced = w.rt.await(desc.quiesceRange(10, 10));
        assertThat(quiesced.isQuiesced()).isTrue();
        write(theirs, 10, 1);
        read(theirs, 11);
        write(mine, 12, 1);
        read(mine, 13);
        read(mine, 20);
        w.run(w.app, () -> mine.submitCopyBlocks(60, 15, 2, w.note, "copy from it"));
        w.run(w.app, () -> mine.submitFlush(0, 512, w.note, "flush"));
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("read20 success", "flush success");
        w.rt.await(quiesced.closeAsync());
        w.rt.runUntilIdle();
        assertThat(ends())
                .containsExactlyInAnyOrder(
                        "other10 success", "read11 success", "app12 success", "read13 success", "copy from it success");
    }

    @Test
    void quiescingWaitsForTheWholeDevice() {
        d.mode = FakeDevice.Mode.HOLD;
        read(theirs, 100);
        CompletableFuture<RangeLock> quiesced = desc.quiesce();
        write(mine, 0, 1);
        assertThat(d.seen).hasSize(1);
        assertThat(quiesced).isNotDone();
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        RangeLock lock = w.rt.await(quiesced);
        assertThat(lock.blockCount()).isEqualTo(128);
        lock.close();
        w.rt.runUntilIdle();
        assertThat(d.seen).hasSize(2);
    }

    @Test
    void closingTheChannelOrTheDescriptorLetsItGo() {
        lock(mine, 0, 4);
        var _ = w.rt.await(desc.quiesceRange(8, 4));
        write(theirs, 0, 1);
        write(theirs, 8, 1);
        assertThat(ends()).isEmpty();
        mine.close();
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other0 success");
        assertThatThrownBy(() -> mine.lockRangeAsync(0, 1)).isInstanceOf(IllegalStateException.class);
        desc.close();
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other8 success");
        assertThatThrownBy(desc::quiesce).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aLockThatNobodyWaitsForIsLetGo() {
        RangeLock first = lock(mine, 0, 4);
        CompletableFuture<RangeLock> cancelled = theirs.lockRangeAsync(0, 4);
        cancelled.cancel(false);
        CompletableFuture<RangeLock> third = mine.lockRangeAsync(0, 4);
        first.close();
        w.rt.await(third).close();
        CompletableFuture<RangeLock> fourth = theirs.lockRangeAsync(0, 4);
        CompletableFuture<RangeLock> fifth = theirs.lockRangeAsync(0, 4);
        w.rt.await(fourth);
        othersDesc.close();
        w.rt.runUntilIdle();
        assertThat(fifth).isCompletedExceptionally();
        assertThat(w.bdevs.lookup("D").locks.count()).isZero();
    }

    @Test
    void aResetEndsWhatIsHeldBack() {
        RangeLock lock = lock(mine, 0, 4);
        write(theirs, 0, 1);
        w.rt.await(mine.resetAsync());
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other0 aborted");
        lock.close();
        w.rt.runUntilIdle();
        assertThat(ends()).isEmpty();
    }

    @Test
    void aQuiescedDeviceCanBeRemoved() {
        var _ = w.rt.await(desc.quiesce());
        write(theirs, 0, 1);
        CompletableFuture<Void> gone = w.bdevs.unregister(w.bdevs.lookup("D"));
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other0 aborted");
        desc.close();
        othersDesc.close();
        w.rt.await(gone);
        assertThat(d.channelsOpen).isZero();
    }

    @Test
    void anEmulatedCompareAndWriteIsALockToo() {
        DmaBuf zeroes = w.buf(1, 0);
        DmaBuf ones = w.buf(1, 1);
        RangeLock lock = lock(mine, 3, 1);
        CompletableFuture<Void> swap = theirs.compareAndWriteAsync(zeroes, ones, 3 * BdevWorld.BLOCK);
        w.rt.runUntilIdle();
        assertThat(swap).isNotDone();
        lock.close();
        w.rt.await(swap);
    }

    @Test
    void refusesRangesThatAreNotThereAndTooMany() {
        for (long[] bad : new long[][] {{-1, 1}, {0, 0}, {128, 1}, {0, 129}, {Long.MAX_VALUE, 2}}) {
            assertThatThrownBy(() -> mine.lockRangeAsync(bad[0], bad[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("128 blocks");
        }
        for (int i = 0; i < 8; i++) {
            var _ = mine.lockRangeAsync(i, 1);
        }
        assertThatThrownBy(() -> mine.lockRangeAsync(20, 1)).isInstanceOf(LimitExceededException.class);
    }

    @Test
    void aLockOfAThreadThatHasExitedCanBeClosed() {
        SpdkThread brief = w.rt.createThread("brief");
        BdevDesc there = w.open(brief, OpenMode.READ_ONLY);
        CompletableFuture<RangeLock> quiesced = there.quiesceRange(0, 1);
        RangeLock lock = w.rt.await(quiesced);
        w.rt.await(brief.exit());
        write(theirs, 0, 1);
        assertThat(ends()).isEmpty();
        w.rt.await(lock.closeAsync());
        w.rt.runUntilIdle();
        assertThat(ends()).containsExactly("other0 success");
    }
}
