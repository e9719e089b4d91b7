// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** What the rarer types of I/O look like at a device, and what the hub makes of them where a device has none. */
class BdevCommandsTest {
    private static final Duration A_WHILE = Duration.ofMillis(2);

    private BdevWorld w;
    private FakeDevice d;
    private BdevChannel ch;

    private void world(long seed, BdevOptions options, IoType... more) {
        w = new BdevWorld(seed, options);
        d = new FakeDevice(BdevWorld.BLOCK, 128);
        d.types.addAll(List.of(more));
        w.register(d, s -> s.acwu(8).maxCopyBlocks(3));
        ch = w.channel(w.app);
    }

    private void world(IoType... more) {
        world(1, BdevOptions.DEFAULT, more);
    }

    @AfterEach
    void close() {
        w.close();
    }

    private void settle() {
        w.rt.runFor(A_WHILE);
    }

    private List<String> seen() {
        return d.seen.stream()
                .map(s -> s.type().jsonName() + " " + s.block() + "+" + s.count())
                .toList();
    }

    private void finishAll() {
        while (!d.held.isEmpty()) {
            w.run(d.held.peek().thread(), () -> d.finishOldest(IoStatus.SUCCESS));
            settle();
        }
    }

    // ---- what a device sees ----------------------------------------------------------------------------------------

    @Test
    void aDeviceSeesWhatItCanDoItself() {
        world(IoType.COMPARE, IoType.COMPARE_AND_WRITE, IoType.COPY);
        w.run(w.app, () -> {
            ch.submitCompare(w.buf(2, 0), 512, w.note, "compare");
            ch.submitCompareAndWrite(w.buf(2, 0), w.buf(2, 7), 0, w.note, "both");
            ch.submitCompare(w.buf(1, 1), 512, w.note, "other");
        });
        settle();
        assertThat(seen()).containsExactly("compare 1+2", "compare_and_write 0+2", "compare 1+1");
        assertThat(w.ends).containsExactly("compare success", "both success", "other miscompare");
        assertThat(Arrays.copyOf(d.bytes, 1024)).containsOnly(7);
        assertThat(ch.bdev().emulates(IoType.COMPARE)).isFalse();
    }

    @Test
    void aLargeCopyGoesInPartsThatKeepItsSource() {
        world(IoType.COPY);
        for (int i = 0; i < 10; i++) {
            Arrays.fill(d.bytes, i * 512, (i + 1) * 512, (byte) i);
        }
        w.run(w.app, () -> ch.submitCopyBlocks(2, 0, 8, w.note, "copy"));
        settle();
        assertThat(seen()).containsExactly("copy 7+3", "copy 4+3", "copy 2+2");
        assertThat(w.ends).containsExactly("copy success");
        assertThat(d.bytes[2 * 512]).isZero();
        assertThat(d.bytes[9 * 512]).isEqualTo((byte) 7);
    }

    @Test
    void nvmeCommandsArriveAsTheyAre() {
        world(IoType.NVME_ADMIN, IoType.NVME_IO);
        NvmeCommand command = NvmeCommand.of(0x81).withNsid(3).withCdw(10, 4).withCdw(15, -1);
        DmaBuf buf = w.buf(1);
        List<Object> ends = new ArrayList<>();
        w.run(w.app, () -> {
            ch.submitNvmeIo(command, buf, (s, cdw0, data) -> ends.addAll(List.of(s, cdw0, data)), "io");
            assertThat(buf.pins()).isEqualTo(1);
        });
        CompletableFuture<Integer> admin = ch.nvmeAdminAsync(NvmeCommand.of(6), null);
        settle();
        assertThat(d.commands).containsExactly(command, NvmeCommand.of(6));
        assertThat(ends).containsExactly(IoStatus.SUCCESS, 0xC0FFEE, "io");
        assertThat(admin).isCompletedWithValue(0xC0FFEE);
        assertThat(buf.pins()).isZero();
        BdevDesc readOnly = w.open(w.app, OpenMode.READ_ONLY);
        BdevChannel reader = w.on(w.app, readOnly::openChannel);
        assertThatThrownBy(() -> reader.nvmeIoAsync(command, buf)).hasMessageContaining("READ_ONLY");
    }

    @Test
    void aSeekGivesWhatTheDeviceFinds() {
        world(IoType.SEEK_DATA, IoType.SEEK_HOLE);
        d.seekResult = 9;
        CompletableFuture<Long> bytes = ch.seekDataAsync(512);
        CompletableFuture<Long> blocks = ch.seekHoleBlocksAsync(1);
        settle();
        d.seekResult = BdevCommands.NOWHERE;
        CompletableFuture<Long> none = ch.seekHoleAsync(0);
        settle();
        assertThat(bytes).isCompletedWithValue(9L * 512);
        assertThat(blocks).isCompletedWithValue(9L);
        assertThat(none).isCompletedWithValue(BdevCommands.NOWHERE);
    }

    // ---- zero copy -------------------------------------------------------------------------------------------------

    @Test
    void aZeroCopyKeepsWhatTheDeviceAttached() {
        world(IoType.ZCOPY);
        CompletableFuture<ZeroCopy> started = ch.zcopyStartBlocksAsync(4, 2, true);
        settle();
        ZeroCopy zcopy = started.join();
        zcopy.memory().fill((byte) 5);
        assertThat(w.on(w.app, ch::inFlight)).isEqualTo(1);
        w.run(w.app, () -> zcopy.submitEnd(true, w.note, "end"));
        settle();
        assertThat(d.zcopyEnds).containsExactly("attached 2048 true");
        assertThat(w.ends).containsExactly("end success");
        assertThat(d.bytes[2048]).isEqualTo((byte) 5);
        assertThat(w.on(w.app, ch::inFlight)).isZero();
        BdevStats stats = w.on(w.app, ch::stats);
        assertThat(stats.read().bytes()).isEqualTo(1024);
        assertThat(stats.write().ops()).isZero();
    }

    @Test
    void aZeroCopyWithoutMemoryFails() {
        world(IoType.ZCOPY);
        d.givesMemory = false;
        CompletableFuture<ZeroCopy> started = ch.zcopyStartAsync(0, 512, false);
        settle();
        assertThat(started).isCompletedExceptionally();
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void aZeroCopyThatNobodyWaitsForIsGivenBack() {
        world(IoType.ZCOPY);
        d.mode = FakeDevice.Mode.HOLD;
        CompletableFuture<ZeroCopy> started = ch.zcopyStartAsync(0, 512, false);
        settle();
        started.cancel(false);
        finishAll();
        assertThat(d.zcopyEnds).containsExactly("attached 0 false");
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void theEndOfAZeroCopyReachesTheDeviceDuringAReset() {
        world(IoType.ZCOPY);
        CompletableFuture<ZeroCopy> started = ch.zcopyStartAsync(0, 512, false);
        settle();
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> ch.submitReset(w.note, "reset"));
        settle();
        ZeroCopy zcopy = started.join();
        w.run(w.app, zcopy::close);
        settle();
        finishAll();
        assertThat(d.zcopyEnds).containsExactly("attached 0 false");
        assertThat(w.ends).containsExactly("reset success");
    }

    // ---- compare and write under a lock ----------------------------------------------------------------------------

    @Test
    void aLockWaitsForWritesThatAreOnTheirWayAndHoldsBackLaterOnes() {
        world();
        BdevChannel other = w.channel(w.other);
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.other, () -> other.submitWrite(w.buf(1, 1), 0, w.note, "before"));
        w.run(w.app, () -> ch.submitCompareAndWrite(w.buf(1, 1), w.buf(1, 2), 0, w.note, "both"));
        settle();
        assertThat(seen()).containsExactly("write 0+1");
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        settle();
        assertThat(seen()).containsExactly("write 0+1", "read 0+1");
        BdevDesc late = w.open(w.other, OpenMode.READ_WRITE);
        BdevChannel another = w.on(w.other, late::openChannel);
        w.run(w.other, () -> {
            another.submitWrite(w.buf(2, 3), 0, w.note, "after");
            other.submitRead(w.buf(1), 0, w.note, "read");
            other.submitWrite(w.buf(1), 512 * 2, w.note, "beside");
        });
        settle();
        assertThat(seen()).containsExactly("write 0+1", "read 0+1", "read 0+1", "write 2+1");
        finishAll();
        assertThat(seen().subList(4, 6)).containsExactly("write 0+1", "write 0+2");
        assertThat(w.ends)
                .containsExactlyInAnyOrder(
                        "before success", "both success", "read success", "beside success", "after success");
        assertThat(w.ends.indexOf("after success")).isGreaterThan(w.ends.indexOf("both success"));
        assertThat(ch.bdev().locks.count()).isZero();
        assertThat(d.bytes[0]).isEqualTo((byte) 3);
    }

    @Test
    void aChannelThatIsOpenedMeanwhileKeepsToTheLock() {
        world();
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> ch.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 2), 0, w.note, "both"));
        settle();
        BdevChannel other = w.channel(w.other);
        w.run(w.other, () -> other.submitWriteZeroes(0, 512, w.note, "zeroes"));
        settle();
        assertThat(seen()).containsExactly("read 0+1");
        finishAll();
        assertThat(seen()).containsExactly("read 0+1", "write 0+1", "write_zeroes 0+1");
        assertThat(w.ends).containsExactly("both success", "zeroes success");
    }

    @Test
    void theHolderOfALockNeverWaitsForWhatItHoldsBack() {
        world(1, BdevOptions.DEFAULT.withBdevIoPoolSize(2).withIoWaitLimit(1000));
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 2), 0, w.note, "both");
        });
        settle();
        w.run(w.app, () -> {
            for (int i = 0; i < 500; i++) {
                ch.submitWrite(w.buf(1, 3), 0, w.note, i);
            }
        });
        settle();
        assertThat(seen()).containsExactly("read 0+1");
        finishAll();
        assertThat(w.ends).hasSize(501).startsWith("both success").allMatch(end -> end.endsWith("success"));
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void moreThanMayWaitEndsWithEagain() {
        world(1, BdevOptions.DEFAULT.withIoWaitLimit(3));
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 2), 0, w.note, "both");
        });
        settle();
        w.run(w.app, () -> {
            for (int i = 0; i < 5; i++) {
                ch.submitWrite(w.buf(1, 3), 0, w.note, i);
            }
        });
        settle();
        assertThat(w.ends).hasSize(2).allMatch(end -> end.contains("EAGAIN"));
        finishAll();
        assertThat(w.ends).hasSize(6);
    }

    @Test
    void theEndOfAZeroCopyWaitsForALockHoweverManyDo() {
        world(1, BdevOptions.DEFAULT.withIoWaitLimit(2), IoType.ZCOPY);
        CompletableFuture<ZeroCopy> started = ch.zcopyStartAsync(0, 512, false);
        settle();
        BdevChannel holder = w.channel(w.other);
        RangeLock lock = w.rt.await(holder.lockRangeAsync(0, 8));
        w.run(w.app, () -> {
            for (int i = 0; i < 3; i++) {
                ch.submitWrite(w.buf(1, 3), 0, w.note, i);
            }
            started.join().submitEnd(true, w.note, "end");
        });
        settle();
        assertThat(w.ends).singleElement().asString().contains("EAGAIN");
        lock.close();
        settle();
        assertThat(d.zcopyEnds).containsExactly("attached 0 true");
        assertThat(w.ends).hasSize(4).contains("end success");
    }

    @Test
    void aResetAbortsWhatALockHoldsBack() {
        world();
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> ch.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 2), 0, w.note, "both"));
        settle();
        w.run(w.app, () -> {
            ch.submitWrite(w.buf(1, 3), 0, w.note, "held");
            ch.submitReset(w.note, "reset");
        });
        settle();
        finishAll();
        assertThat(w.ends).containsExactlyInAnyOrder("held aborted", "both aborted", "reset success");
        assertThat(ch.bdev().locks.count()).isZero();
        w.run(w.app, () -> ch.submitWrite(w.buf(1, 3), 0, w.note, "again"));
        finishAll();
        assertThat(w.ends).contains("again success");
    }

    // ---- abort -----------------------------------------------------------------------------------------------------

    @Test
    void anAbortEndsWhatTheDeviceHasAndWhatWaits() {
        world(1, BdevOptions.DEFAULT.withBdevIoPoolSize(2), IoType.ABORT);
        d.mode = FakeDevice.Mode.HOLD;
        Object one = "one";
        w.run(w.app, () -> {
            ch.submitRead(w.buf(1), 0, w.note, one);
            ch.submitRead(w.buf(1), 0, w.note, "two");
            ch.submitRead(w.buf(1), 0, w.note, one);
            ch.submitAbort(one, w.note, "abort");
        });
        settle();
        assertThat(w.ends).containsExactlyInAnyOrder("one aborted", "one aborted", "abort success");
        assertThat(w.ends).endsWith("abort success");
        finishAll();
        assertThat(w.ends).contains("two success");
    }

    @Test
    void anAbortFailsIfTheDeviceCannotOrThereIsNothing() {
        world(IoType.ABORT);
        d.mode = FakeDevice.Mode.HOLD;
        d.abortable = false;
        Object one = "one";
        w.run(w.app, () -> {
            ch.submitRead(w.buf(1), 0, w.note, one);
            ch.submitAbort(one, w.note, "abort");
            ch.submitAbort(new String("one"), w.note, "nothing");
        });
        settle();
        assertThat(w.ends).containsExactlyInAnyOrder("abort failed", "nothing failed");
        finishAll();
        assertThat(w.ends).contains("one success");
    }

    @Test
    void anAbortEndsRequestsInParts() {
        world(IoType.ABORT);
        d.mode = FakeDevice.Mode.HOLD;
        Object one = "one";
        w.run(w.app, () -> {
            ch.submitCopyBlocks(64, 0, 20, w.note, one);
            ch.submitCompareAndWrite(w.buf(2), w.buf(2), 0, w.note, one);
        });
        settle();
        w.run(w.app, () -> ch.submitAbort(one, w.note, "abort"));
        settle();
        assertThat(w.ends).containsExactlyInAnyOrder("one aborted", "one aborted", "abort success");
        assertThat(w.on(w.app, ch::inFlight)).isZero();
        assertThat(ch.bdev().locks.count()).isZero();
    }

    @Test
    void anAbortEndsWhatALockHoldsBack() {
        world(IoType.ABORT);
        d.mode = FakeDevice.Mode.HOLD;
        Object held = "held";
        w.run(w.app, () -> ch.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 2), 0, w.note, "both"));
        settle();
        w.run(w.app, () -> {
            ch.submitWrite(w.buf(1, 3), 0, w.note, held);
            ch.submitAbort(held, w.note, "abort");
        });
        settle();
        assertThat(w.ends).containsExactly("held aborted", "abort success");
        finishAll();
        assertThat(w.ends).contains("both success");
    }

    // ---- together --------------------------------------------------------------------------------------------------

    @RepeatedTest(30)
    void commandsEndWellOnADeviceWithLittleRoom(RepetitionInfo repetition) {
        long seed = repetition.getCurrentRepetition();
        world(
                seed,
                BdevOptions.DEFAULT.withBdevIoPoolSize(3),
                seed % 2 == 0 ? new IoType[] {IoType.COMPARE, IoType.COPY, IoType.COMPARE_AND_WRITE} : new IoType[0]);
        d.mode = FakeDevice.Mode.RANDOM;
        d.random = new Random(seed);
        d.noMemory = 0.3;
        BdevChannel other = w.channel(w.other);
        for (BdevChannel each : List.of(ch, other)) {
            int first = each == ch ? 0 : 64;
            w.run(each.thread(), () -> {
                for (int i = 0; i < 8; i++) {
                    each.submitWriteZeroesBlocks(first + i, 1, w.note, "zeroes");
                    each.submitCompareAndWrite(w.buf(1, 0), w.buf(1, 0), (first + i) * 512L, w.note, "both");
                    each.submitCompareBlocks(w.buf(4, 0), first, 4, w.note, "compare");
                    each.submitCopyBlocks(first + 20, first, 10, w.note, "copy");
                }
            });
        }
        w.rt.runFor(Duration.ofSeconds(1));
        assertThat(w.ends).hasSize(64).allMatch(end -> end.endsWith("success"), "seed " + seed);
        assertThat(w.on(w.app, ch::inFlight)).isZero();
        assertThat(ch.bdev().locks.count()).isZero();
    }

    /** A device that wants to know its descriptors, and remembers whose I/O it was given. */
    private static final class Told extends FakeDevice implements DescOps {
        final List<Long> handles = new ArrayList<>();
        private long opened;

        Told() {
            super(BdevWorld.BLOCK, 128);
        }

        @Override
        public void submit(Channel channel, BdevIo io) {
            handles.add(io.descHandle());
            super.submit(channel, io);
        }

        @Override
        public void abort(Channel channel, BdevIo target, BdevIo abort) {
            handles.add(abort.descHandle());
            super.abort(channel, target, abort);
        }

        @Override
        public long openDesc(OpenMode mode) {
            return ++opened;
        }

        @Override
        public void claimDesc(long handle, Claim claim) {}

        @Override
        public void releaseClaim(long handle) {}

        @Override
        public void closeDesc(long handle) {}
    }

    @Test
    void allIoOfADescriptorHasItsHandleEvenIfItHadToWait() {
        w = new BdevWorld(1, BdevOptions.DEFAULT.withBdevIoPoolSize(1));
        Told told = new Told();
        told.types.addAll(List.of(IoType.COPY, IoType.ABORT, IoType.ZCOPY));
        w.register(told, s -> s.maxRwBlocks(2).maxCopyBlocks(2));
        d = told;
        ch = w.channel(w.app);
        BdevChannel second = w.channel(w.app);
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitWriteBlocks(w.buf(3, 1), 0, 3, w.note, "parts");
            second.submitWriteBlocks(w.buf(3, 1), 0, 3, w.note, "parts");
            ch.submitCopyBlocks(20, 0, 3, w.note, "copy");
            second.submitCopyBlocks(20, 0, 3, w.note, "copy");
        });
        finishAll();
        assertThat(w.ends).hasSize(4).allMatch(end -> end.endsWith("success"));
        assertThat(told.handles).containsExactly(1L, 1L, 2L, 2L, 1L, 2L, 1L, 2L);
        told.handles.clear();
        Object target = "write";
        w.run(w.app, () -> {
            second.submitZcopyStartBlocks(0, 1, true, (_, zcopy, _) -> zcopy.submitEnd(true, w.note, "zcopy"), null);
            ch.submitCompareAndWrite(w.buf(1, 1), w.buf(1, 2), 0, w.note, "both");
        });
        finishAll();
        w.run(w.app, () -> {
            second.submitWriteBlocks(w.buf(1, 1), 0, 1, w.note, target);
            second.submitAbort(target, w.note, "abort");
        });
        settle();
        assertThat(w.ends).endsWith("write aborted", "abort success");
        assertThat(told.handles).containsExactlyInAnyOrder(2L, 2L, 1L, 1L, 2L, 2L);
    }

    @Test
    void closedMemoryIsRefusedAndNothingIsLeftPinned() {
        world();
        DmaBuf open = w.buf(1);
        DmaBuf closed = w.buf(1);
        closed.close();
        w.run(w.app, () -> {
            assertThatThrownBy(() -> ch.submitCompareAndWrite(open, closed, 0, w.note, "both"))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> ch.submitComparev(IoVec.of(open, closed), 0, w.note, "compare"))
                    .isInstanceOf(IllegalStateException.class);
        });
        assertThat(open.pins()).isZero();
        assertThat(w.on(w.app, ch::inFlight)).isZero();
    }

    @Test
    void anNvmeCommandIsSixtyFourBytes() {
        world();
        NvmeCommand command = NvmeCommand.of(0xC1)
                .withFlags(0x40)
                .withNsid(7)
                .withCdw(2, 22)
                .withCdw(3, 33)
                .withCdw(12, -12);
        byte[] bytes = new byte[NvmeCommand.BYTES];
        command.writeTo(MemorySegment.ofArray(bytes), 0);
        assertThat(bytes).startsWith(0xC1, 0x40, 0, 0, 7, 0, 0, 0, 22, 0, 0, 0, 33);
        assertThat(Arrays.copyOfRange(bytes, 48, 52)).containsExactly(0xF4, 0xFF, 0xFF, 0xFF);
        Arrays.fill(bytes, 2, 4, (byte) 9);
        Arrays.fill(bytes, 16, 40, (byte) 9);
        assertThat(NvmeCommand.readFrom(MemorySegment.ofArray(bytes), 0)).isEqualTo(command);
        assertThat(command.cdw(12)).isEqualTo(-12);
        assertThatThrownBy(() -> command.withCdw(6, 1)).hasMessageContaining("6");
    }

    @Test
    void aMiscompareIsWhatAnNvmeDeviceCallsCompareFailureToo() {
        world();
        assertThat(IoStatus.nvme(0, 2, 0x85).isMiscompare()).isTrue();
        assertThat(IoStatus.nvme(0, 2, 0x81).isMiscompare()).isFalse();
        assertThat(IoStatus.MISCOMPARE.isMiscompare()).isTrue();
        assertThat(IoStatus.MISCOMPARE).hasToString("miscompare");
    }
}
