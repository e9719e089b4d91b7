// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Futures and tasks that stop waiting: the I/O is aborted where it can be, and no buffer goes before its device. */
final class GiveUpTest {
    private final BdevWorld w = new BdevWorld();
    private FakeDevice d;

    @AfterEach
    void close() {
        w.close();
    }

    private void device(boolean canAbort) {
        d = new FakeDevice(BdevWorld.BLOCK, 128);
        if (canAbort) {
            d.types.add(IoType.ABORT);
        }
        d.mode = FakeDevice.Mode.HOLD;
        w.register(d, spec -> spec);
    }

    private void endsEarly(Consumer<CompletableFuture<Void>> how) {
        device(true);
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        CompletableFuture<Void> f = w.on(w.app, () -> ch.readAsync(buf, 0));
        how.accept(f);
        w.rt.runUntilIdle();
        assertThat(f).isCompletedExceptionally();
        assertThat(d.held).isEmpty();
        assertThat(buf.pins()).isZero();
        assertThat(w.on(w.app, ch::inFlight)).isZero();
        buf.close();
    }

    @Test
    void aCancelledFutureAbortsItsIo() {
        endsEarly(f -> f.cancel(true));
    }

    @Test
    void aFutureThatFailedOtherwiseAbortsItsIo() {
        endsEarly(f -> f.completeExceptionally(new TimeoutException("as orTimeout of the JDK does")));
    }

    @Test
    void aDeadlineAbortsItsIo() {
        endsEarly(f -> {
            w.app.orTimeout(f, Duration.ofMillis(5));
            w.rt.runFor(Duration.ofMillis(4));
            assertThat(f).isNotDone();
            assertThat(d.held).hasSize(1);
            w.rt.runFor(Duration.ofMillis(1));
            assertThatThrownBy(f::join)
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
        });
    }

    @Test
    void aDeadlineThatIsKeptLeavesNothingBehind() {
        device(false);
        d.mode = FakeDevice.Mode.INLINE;
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        w.rt.await(w.app.orTimeout(ch.readAsync(buf, 0), Duration.ofMillis(5)));
        w.rt.runUntilIdle();
        assertThat(w.on(w.app, () -> w.app.pollerList().size())).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTaskThatIsCancelledAbortsItsIo(boolean canAbort) {
        device(canAbort);
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        Task<Integer> task = w.app.spawn("t", () -> {
            ch.read(buf, 0);
            return 1;
        });
        w.rt.runUntilIdle();
        task.cancel();
        w.rt.runUntilIdle();
        assertThat(task.future()).isCancelled();
        assertStays(buf, !canAbort);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTaskWaitsOnlyAsLongAsItSaid(boolean canAbort) {
        device(canAbort);
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        Task<Integer> task = w.app.spawn("t", () -> {
            try {
                Task.await(ch.readAsync(buf, 0), Duration.ofMillis(2));
                return 0;
            } catch (SpdkException e) {
                return e.errno();
            }
        });
        assertThat(w.rt.await(task.future())).isEqualTo(Errno.ETIMEDOUT);
        w.rt.runUntilIdle();
        assertStays(buf, !canAbort);
    }

    /** Either the device still has the memory, whoever closes the buffer, until it answers; or it is free. */
    private void assertStays(DmaBuf buf, boolean atDevice) {
        if (atDevice) {
            boolean refused = false;
            try {
                buf.close(); // possible where the request went by message and has a handle of its own
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("in flight");
                refused = true;
            }
            assertThat(w.pool.stats().usedBytes()).isPositive();
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
            if (refused) {
                buf.close();
            }
        } else {
            buf.close();
        }
        assertThat(d.held).isEmpty();
        assertThat(w.pool.stats().usedBytes()).isZero();
    }

    @Test
    void whatIsGivenUpOnItsWayNeverReachesTheDevice() {
        device(false);
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        CompletableFuture<Void> f = ch.readAsync(buf, 0); // a message to the channel's thread
        f.cancel(false);
        w.rt.runUntilIdle();
        assertThat(d.seen).isEmpty();
        buf.close();
        assertThat(w.pool.stats().usedBytes()).isZero();
    }

    @Test
    void whatWaitsInTheHubEndsAtOnce() {
        device(false);
        d.capacity = 1;
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        DmaBuf waits = w.buf(1);
        var _ = w.on(w.app, () -> ch.readAsync(buf, 0));
        CompletableFuture<Void> f = w.on(w.app, () -> ch.readAsync(waits, 0));
        assertThat(waits.pins()).isEqualTo(1);
        f.cancel(false);
        w.rt.runUntilIdle();
        assertThat(waits.pins()).isZero();
        assertThat(buf.pins()).isEqualTo(1);
        waits.close();
    }

    @Test
    void aRequestInPartsMakesNoMoreOfThem() {
        d = new FakeDevice(BdevWorld.BLOCK, 128);
        d.mode = FakeDevice.Mode.HOLD;
        w.register(d, spec -> spec.maxRwBlocks(1));
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(20);
        CompletableFuture<Void> f = w.on(w.app, () -> ch.readAsync(buf, 0));
        f.cancel(false);
        w.rt.runUntilIdle();
        assertThat(buf.pins()).isEqualTo(1);
        for (int i = 0; i < SplitIo.MAX_PARTS; i++) {
            assertThat(buf.pins()).isEqualTo(1);
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        }
        w.rt.runUntilIdle();
        assertThat(d.seen).hasSize(SplitIo.MAX_PARTS);
        buf.close();
    }

    @Test
    void aBlockDeviceForgetsWhatIsCancelled() {
        device(true);
        BlockDevice device = w.rt.await(
                BlockDevice.openAsync(w.bdevs, "D", OpenMode.READ_WRITE, BlockDeviceOptions.DEFAULT.withLanes(1)));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment target = arena.allocate(4096).fill((byte) 7);
            CompletableFuture<Void> aborted = device.readAsync(target, 0);
            w.rt.runUntilIdle();
            aborted.cancel(false);
            w.rt.runUntilIdle();
            assertThat(d.held).isEmpty();

            d.abortable = false;
            CompletableFuture<Void> late = device.readAsync(target, 0);
            w.rt.runUntilIdle();
            late.cancel(false);
            w.rt.runUntilIdle();
            assertThat(w.pool.stats().usedBytes()).isPositive(); // the device still writes to the copy
            w.run(d.held.element().thread(), () -> d.finishOldest(IoStatus.SUCCESS));
            w.rt.runUntilIdle();
            assertThat(target.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
            assertThat(w.pool.stats().usedBytes()).isZero();
        }
        assertThatThrownBy(() -> w.rt.await(cancelled(device.readAsync(MemorySegment.ofArray(new byte[512]), 0))))
                .isInstanceOf(CancellationException.class);
        w.rt.await(device.closeAsync());
    }

    private static CompletableFuture<Void> cancelled(CompletableFuture<Void> f) {
        f.cancel(false);
        return f;
    }

    @Test
    void aDescriptorIsClosedAfterTheLastCallback() {
        device(false);
        BdevDesc desc = w.open(w.app, OpenMode.READ_WRITE);
        BdevChannel ch = w.on(w.app, desc::openChannel);
        DmaBuf buf = w.buf(1);
        boolean[] closedBefore = new boolean[1];
        int[] calls = new int[1];
        w.run(w.app, () -> {
            ch.submitRead(
                    buf,
                    0,
                    (_, _) -> {
                        calls[0]++;
                        closedBefore[0] = desc.closed().isDone();
                    },
                    null);
            desc.close();
        });
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.await(desc.closed());
        assertThat(calls[0]).isEqualTo(1);
        assertThat(closedBefore[0]).isFalse();
    }

    @Test
    void aThreadThatIsForcedOutFailsTheFuturesOfItsIo() {
        device(false);
        SpdkThread t = w.rt.createThread("t");
        BdevChannel ch = w.channel(t);
        DmaBuf buf = w.buf(1);
        CompletableFuture<Void> first = w.on(t, () -> ch.readAsync(buf, 0));
        CompletableFuture<Void> second = w.on(t, () -> ch.readAsync(buf, BdevWorld.BLOCK));
        CompletableFuture<Void> third = w.on(t, () -> ch.readAsync(buf, 0));
        w.on(t, () -> {
            BdevIo kept = d.held.removeFirst();
            d.held.removeFirst().complete(IoStatus.SUCCESS);
            d.held.addFirst(kept);
            return true;
        });
        w.rt.await(second);
        t.exit();
        w.rt.runFor(w.rt.limits().exitTimeout().plusMillis(1));
        assertThat(t.state()).isEqualTo(SpdkThread.State.EXITED);
        for (CompletableFuture<Void> f : List.of(first, third)) {
            assertThatThrownBy(f::join)
                    .cause()
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESHUTDOWN))
                    .hasMessageContainingAll("read of 1 blocks at block 0", "SpdkThread t has exited");
        }
        assertThat(buf.pins()).as("the device may still write").isEqualTo(2);
        d.held.clear();
    }
}
