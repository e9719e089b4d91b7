// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BdevChannelTest {
    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = w.device(s -> s);

    @AfterEach
    void close() {
        w.close();
    }

    private void refuses(BdevWorld.ThrowingRunnable body, Class<? extends Throwable> type, String... words) {
        assertThatThrownBy(() -> w.run(w.app, body))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(type)
                .message()
                .contains(words);
        w.rt.runUntilIdle();
        assertThat(d.seen).isEmpty();
        assertThat(w.ends).isEmpty();
    }

    // ---- the three styles ------------------------------------------------------------------------------------------

    @Test
    void callsBackLaterOnTheSubmittingThread() {
        BdevChannel ch = w.channel(w.other);
        DmaBuf buf = w.buf(2, 7);
        w.run(w.other, () -> {
            ch.submitWrite(
                    buf,
                    1024,
                    (status, data) -> {
                        assertThat(SpdkThread.current()).isSameAs(w.other);
                        w.note.completed(status, data);
                    },
                    "a");
            assertThat(w.ends).as("inside submit").isEmpty();
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("a success");
        assertThat(d.bytes[1023]).isZero();
        assertThat(d.bytes[1024]).isEqualTo((byte) 7);
        assertThat(d.bytes[2047]).isEqualTo((byte) 7);
        assertThat(d.bytes[2048]).isZero();
    }

    @Test
    void aDeviceThatAnswersOutsideSubmitIsHeardAtOnce() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        w.run(w.app, () -> {
            ch.submitRead(w.buf(1), 0, w.note, "a");
        });
        w.run(w.app, () -> {
            d.finishOldest(IoStatus.SUCCESS);
            assertThat(w.ends).containsExactly("a success");
        });
    }

    @Test
    void futuresMayBeAskedForAnywhere() {
        BdevChannel ch = w.channel(w.other);
        DmaBuf buf = w.buf(1, 5);
        w.rt.await(ch.writeAsync(buf, 512));
        DmaBuf back = w.buf(1);
        CompletableFuture<Void> read = w.on(w.other, () -> ch.readAsync(back, 512));
        w.rt.await(read);
        assertThat(back.mismatch(buf)).isEqualTo(-1);
    }

    @Test
    void whoHasNoBufferGetsOneAsSoonAsThereIsMemory() {
        BdevChannel ch = w.channel(w.other);
        DmaBuf data = w.buf(2, 6);
        w.rt.await(ch.writeAsync(data, 1024));
        List<DmaBuf> hog = new ArrayList<>();
        for (DmaBuf b = w.pool.tryAllocate(1 << 20); b != null; b = w.pool.tryAllocate(1 << 20)) {
            hog.add(b);
        }
        for (DmaBuf b = w.pool.tryAllocate(1024); b != null; b = w.pool.tryAllocate(1024)) {
            hog.add(b);
        }
        CompletableFuture<DmaBuf> read = ch.readPooledAsync(1024, 1024);
        w.rt.runUntilIdle();
        assertThat(read).isNotDone();
        hog.forEach(DmaBuf::close);
        DmaBuf back = w.rt.await(read);
        assertThat(back.mismatch(data)).isEqualTo(-1);
        back.close();

        long used = w.pool.stats().usedBytes();
        CompletableFuture<DmaBuf> givenUp = ch.readPooledAsync(1024, 1024);
        givenUp.cancel(false);
        d.failure = 1;
        CompletableFuture<DmaBuf> failed = ch.readPooledAsync(1024, 1024);
        assertThatThrownBy(() -> w.rt.await(failed)).hasMessageContaining("EIO");
        w.rt.runUntilIdle();
        assertThat(w.pool.stats().usedBytes()).as("nothing is left behind").isEqualTo(used);
        assertThatThrownBy(() -> ch.readPooledAsync(1, 1024)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ch.readPooledAsync(0, 1 << 20)).hasMessageContaining("blocks");
    }

    @Test
    void aFutureFailsWithTheErrorNumber() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        CompletableFuture<Void> f = ch.readAsync(w.buf(1), 512);
        w.rt.runUntilIdle();
        w.run(w.app, () -> d.finishOldest(IoStatus.aio(Errno.ENOSPC)));
        assertThatThrownBy(() -> w.rt.await(f))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC))
                .hasMessageContainingAll("read of 1 blocks at block 1 of bdev D", "ENOSPC");
    }

    @Test
    void aTaskReadsAndWritesInStraightLines() {
        BdevDesc desc = w.open(w.app, OpenMode.READ_WRITE);
        DmaBuf out = w.buf(2, 9);
        DmaBuf in = w.buf(2);
        Task<String> task = w.app.spawn("t", () -> {
            BdevChannel ch = desc.openChannel();
            ch.write(out, 0);
            ch.flush(0, 1024);
            ch.read(in, 0);
            ch.unmap(0, 512);
            ch.writeZeroesBlocks(1, 1);
            ch.reset();
            ch.close();
            return "done";
        });
        assertThat(w.rt.await(task.future())).isEqualTo("done");
        assertThat(in.mismatch(out)).isEqualTo(-1);
        assertThat(d.seen)
                .extracting(FakeDevice.Seen::type)
                .containsExactly(
                        IoType.WRITE, IoType.FLUSH, IoType.READ, IoType.UNMAP, IoType.WRITE_ZEROES, IoType.RESET);
    }

    @Test
    void waitingIsForTasksOfTheThread() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        refuses(() -> ch.read(buf, 0), IllegalStateException.class, "read on bdev D", "only a task", "Async");
        Task<Integer> elsewhere = w.other.spawn("t", () -> {
            ch.read(buf, 0);
            return 1;
        });
        assertThatThrownBy(() -> w.rt.await(elsewhere.future()))
                .cause()
                .isInstanceOf(WrongThreadException.class)
                .hasMessageContaining("SpdkThread app");
    }

    @Test
    void aTaskCancelledInTheMiddleLeavesItsBufferInFlight() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        Task<Integer> task = w.app.spawn("t", () -> {
            ch.read(buf, 0);
            return 1;
        });
        w.rt.runUntilIdle();
        assertThat(buf.pins()).isEqualTo(1);
        task.cancel();
        w.rt.runUntilIdle();
        assertThat(task.isDone()).isTrue();
        assertThatThrownBy(buf::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("in flight");
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(buf.pins()).isZero();
        buf.close();
    }

    @Test
    void aCancelledFutureLeavesItsBufferInFlight() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1);
        CompletableFuture<Void> f = w.on(w.app, () -> ch.readAsync(buf, 0));
        f.cancel(true);
        w.rt.runUntilIdle();
        assertThat(buf.pins()).isEqualTo(1);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(buf.pins()).isZero();
    }

    @Test
    void aBufferGivenAwayBeforeItsRequestArrivedLivesOn() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(1, 3);
        CompletableFuture<Void> f = ch.writeAsync(buf, 0);
        buf.close();
        w.rt.await(f);
        assertThat(d.bytes[0]).isEqualTo((byte) 3);
        w.rt.runUntilIdle();
        assertThat(w.pool.stats().toString()).isNotEmpty();
    }

    // ---- what is refused -------------------------------------------------------------------------------------------

    @Test
    void refusesWhatIsNotWholeBlocks() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf odd = w.pool.allocate(700);
        refuses(
                () -> ch.submitRead(odd, 0, w.note, null),
                IllegalArgumentException.class,
                "bdev D",
                "length 700",
                "block size 512");
        refuses(() -> ch.submitRead(w.buf(1), 100, w.note, null), IllegalArgumentException.class, "offset 100", "512");
        refuses(() -> ch.submitUnmap(0, 1000, w.note, null), IllegalArgumentException.class, "length 1000");
    }

    @Test
    void refusesWhatIsOutsideWithoutOverflow() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(2);
        w.run(w.app, () -> ch.submitRead(buf, 126 * 512, w.note, "last"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("last success");
        w.ends.clear();
        d.seen.clear();
        refuses(
                () -> ch.submitRead(buf, 127 * 512, w.note, null),
                IllegalArgumentException.class,
                "2 blocks at block 127",
                "128 blocks of 512");
        refuses(() -> ch.submitRead(buf, -512, w.note, null), IllegalArgumentException.class, "");
        refuses(() -> ch.submitRead(buf, Long.MAX_VALUE & -512L, w.note, null), IllegalArgumentException.class, "128");
        refuses(() -> ch.submitReadBlocks(buf, Long.MAX_VALUE, 2, w.note, null), IllegalArgumentException.class, "128");
        refuses(() -> ch.submitUnmapBlocks(1, Long.MAX_VALUE, w.note, null), IllegalArgumentException.class, "128");
        refuses(() -> ch.submitUnmapBlocks(-1, 1, w.note, null), IllegalArgumentException.class, "128");
    }

    @Test
    void refusesBuffersThatAreTooSmallOrEmptyOrClosed() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(2);
        refuses(
                () -> ch.submitReadBlocks(buf, 0, 3, w.note, null),
                IllegalArgumentException.class,
                "3 blocks of 512 bytes need 1536 bytes",
                "has 1024");
        refuses(() -> ch.submitReadBlocks(buf, 0, 0, w.note, null), IllegalArgumentException.class, "0 blocks");
        buf.close();
        refuses(() -> ch.submitRead(buf, 0, w.note, null), IllegalStateException.class, "is closed");
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void refusesWritesToWhatIsOpenForReading() {
        BdevDesc desc = w.open(w.app, OpenMode.READ_ONLY);
        BdevChannel ch = w.on(w.app, desc::openChannel);
        DmaBuf buf = w.buf(1);
        refuses(() -> ch.submitWrite(buf, 0, w.note, null), IllegalStateException.class, "READ_ONLY", "READ_WRITE");
        refuses(() -> ch.submitWriteZeroes(0, 512, w.note, null), IllegalStateException.class, "READ_ONLY");
        refuses(() -> ch.submitUnmap(0, 512, w.note, null), IllegalStateException.class, "READ_ONLY");
        assertThatThrownBy(() -> ch.writeAsync(buf, 0)).isInstanceOf(IllegalStateException.class);
        w.run(w.app, () -> ch.submitRead(buf, 0, w.note, "ok"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("ok success");
    }

    @Test
    void refusesOtherThreads() {
        BdevChannel ch = w.channel(w.other);
        refuses(
                () -> ch.submitRead(w.buf(1), 0, w.note, null),
                WrongThreadException.class,
                "SpdkThread other",
                "SpdkThread app");
    }

    @Test
    void refusesWhatTheDeviceCannot() {
        d.types.remove(IoType.FLUSH);
        FakeDevice plain = new FakeDevice(512, 8);
        plain.types.retainAll(java.util.Set.of(IoType.READ, IoType.WRITE));
        Bdev bdev;
        try {
            bdev = w.bdevs.register(BdevSpec.builder("P", 512, 8).build(), plain);
        } catch (SpdkException e) {
            throw new AssertionError(e);
        }
        assertThat(bdev.supportedTypes())
                .containsExactlyInAnyOrder(
                        IoType.READ,
                        IoType.WRITE,
                        IoType.WRITE_ZEROES,
                        IoType.COMPARE,
                        IoType.COMPARE_AND_WRITE,
                        IoType.COPY,
                        IoType.SEEK_HOLE,
                        IoType.SEEK_DATA);
        assertThat(bdev.emulates(IoType.WRITE_ZEROES)).isTrue();
        assertThat(bdev.emulates(IoType.WRITE)).isFalse();
        BdevChannel ch = w.on(
                w.app,
                () -> w.bdevs
                        .open("P", OpenMode.READ_WRITE, BdevEventListener.NONE)
                        .openChannel());
        refuses(
                () -> ch.submitFlush(0, 512, w.note, null),
                UnsupportedOperationException.class,
                "bdev P",
                "does not support flush");
        refuses(() -> ch.submitReset(w.note, null), UnsupportedOperationException.class, "reset");
        assertThatThrownBy(() -> w.rt.await(ch.flushAsync(0, 512)))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));
    }

    @Test
    void rangesOfNothingAreDoneAtOnceWithoutTheDevice() {
        BdevChannel ch = w.channel(w.app);
        w.run(w.app, () -> {
            ch.submitUnmap(0, 0, w.note, "u");
            ch.submitWriteZeroes(512, 0, w.note, "z");
            assertThat(w.ends).isEmpty();
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("u success", "z success");
        assertThat(d.seen).isEmpty();
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    @Test
    void vectorsGoInOnePiece() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf a = w.buf(2, 1);
        DmaBuf b = w.buf(3, 2);
        IoVec vec = IoVec.builder().add(a, 512, 512).add(b).build();
        w.run(w.app, () -> ch.submitWritev(vec, 512, w.note, "v"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("v success");
        assertThat(d.seen).singleElement().satisfies(s -> {
            assertThat(s.count()).isEqualTo(4);
            assertThat(s.segments()).containsExactly(512L, 1536L);
        });
        assertThat(d.bytes[512]).isEqualTo((byte) 1);
        assertThat(d.bytes[1024]).isEqualTo((byte) 2);
        DmaBuf back = w.buf(4);
        w.rt.await(ch.readvBlocksAsync(IoVec.of(back.slice(0, 1024), back.slice(1024, 1024)), 1));
        assertThat(java.util.Arrays.equals(
                        back.segment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
                        java.util.Arrays.copyOfRange(d.bytes, 512, 512 + 2048)))
                .isTrue();
        assertThat(a.pins() + b.pins()).isZero();
    }

    @Test
    void aVectorWithAClosedPieceMarksNothing() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf a = w.buf(1);
        DmaBuf b = w.buf(1);
        IoVec vec = IoVec.of(a, b);
        b.close();
        refuses(() -> ch.submitReadv(vec, 0, w.note, null), IllegalStateException.class, "closed");
        assertThat(a.pins()).isZero();
        a.close();
    }

    // ---- devices and callbacks that misbehave ----------------------------------------------------------------------

    @Test
    void aSecondCompletionIsRefusedCountedAndHarmless() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        w.run(w.app, () -> {
            ch.submitRead(w.buf(1), 0, w.note, "a");
            BdevIo io = d.finishOldest(IoStatus.SUCCESS);
            assertThatThrownBy(() -> io.complete(IoStatus.FAILED))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("exactly once");
            ch.submitRead(w.buf(1), 0, w.note, "b");
            ch.submitRead(w.buf(1), 0, w.note, "c");
            assertThat(d.held.stream().map(BdevIo::slot).distinct()).hasSize(2);
            d.finishOldest(IoStatus.SUCCESS);
            d.finishOldest(IoStatus.SUCCESS);
        });
        assertThat(w.ends).containsExactly("a success", "b success", "c success");
        assertThat(w.bdevs.badCompletions()).isEqualTo(1);
    }

    @Test
    void aCompletionOnAnotherThreadIsRefusedOrPosted() {
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel ch = w.channel(w.app);
        w.run(w.app, () -> ch.submitRead(w.buf(1), 0, w.note, "a"));
        BdevIo io = d.held.remove();
        d.channels.getFirst().inFlight--;
        w.run(w.other, () -> {
            assertThatThrownBy(() -> io.complete(IoStatus.SUCCESS))
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContainingAll("SpdkThread other", "completeFromAnyThread");
            io.completeFromAnyThread(IoStatus.SUCCESS);
            assertThatThrownBy(() -> io.completeFromAnyThread(IoStatus.SUCCESS))
                    .isInstanceOf(IllegalStateException.class);
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("a success");
        assertThat(w.bdevs.badCompletions()).isEqualTo(2);
    }

    @Test
    void aDeviceThatThrowsFailsTheIo() {
        BdevChannel ch = w.channel(w.app);
        d.throwOnSubmit = new IllegalStateException("on purpose");
        w.run(w.app, () -> ch.submitRead(w.buf(1), 0, w.note, "a"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("a failed");
        d.throwOnSubmit = null;
        w.run(w.app, () -> ch.submitRead(w.buf(1), 0, w.note, "b"));
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("a failed", "b success");
    }

    @Test
    void aCallbackThatThrowsHarmsNobodyElse() {
        BdevChannel ch = w.channel(w.app);
        w.run(w.app, () -> {
            ch.submitRead(
                    w.buf(1),
                    0,
                    (_, _) -> {
                        throw new IllegalStateException("on purpose");
                    },
                    null);
            ch.submitRead(w.buf(1), 0, w.note, "b");
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactly("b success");
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void passesOnWhatOthersAsk() {
        BdevChannel ch = w.channel(w.app);
        DmaBuf buf = w.buf(4);
        for (int i = 0; i < 4; i++) {
            buf.fill(i * 512L, 512, (byte) (i + 1));
        }
        w.run(w.app, () -> {
            ch.submit(IoType.WRITE, buf, 512, 8, 2, w.note, "w");
            ch.submit(IoType.READ, buf, 1536, 8, 1, w.note, "r");
            ch.submit(IoType.FLUSH, null, 0, 8, 1, w.note, "f");
            ch.submit(IoType.RESET, null, 0, 0, 0, w.note, "x");
        });
        w.rt.runUntilIdle();
        assertThat(w.ends).containsExactlyInAnyOrder("w success", "r success", "f success", "x success");
        assertThat(d.bytes[8 * 512]).isEqualTo((byte) 2);
        assertThat(d.bytes[9 * 512]).isEqualTo((byte) 3);
        assertThat(buf.segment().get(ValueLayout.JAVA_BYTE, 1536)).isEqualTo((byte) 2);
        d.seen.clear();
        w.ends.clear();
        refuses(
                () -> ch.submit(IoType.READ, buf, 1536, 0, 2, w.note, null),
                IllegalArgumentException.class,
                "need 1024 bytes, the buffer has 512");
        refuses(() -> ch.submit(IoType.READ, buf, -1, 0, 1, w.note, null), IllegalArgumentException.class, "need 512");
        refuses(() -> ch.submit(IoType.READ, null, 0, 0, 1, w.note, null), NullPointerException.class, "buf");
        refuses(
                () -> ch.submit(IoType.COPY, null, 0, 0, 1, w.note, null),
                IllegalArgumentException.class,
                "copy has a method of its own");
    }
}
