// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a device makes of the I/O that it has: children for the device below. */
class ChildIoTest {
    private static final int FIRST = 64; // half of 128

    private BdevWorld w;
    private FakeDevice d;
    private StackedDevice upper;
    private BdevDesc desc;
    private BdevChannel ch;

    private void world(IoType... more) {
        world(BdevOptions.DEFAULT, s -> s, more);
    }

    private void world(BdevOptions options, UnaryOperator<BdevSpec.Builder> spec, IoType... more) {
        w = new BdevWorld(1, options);
        d = new FakeDevice(BdevWorld.BLOCK, 128);
        d.types.addAll(Arrays.asList(more));
        w.register(d, spec);
        upper = w.on(w.app, () -> StackedDevice.create(w.bdevs, "D"));
        desc = w.on(w.app, () -> w.bdevs.open("U", OpenMode.READ_WRITE, BdevEventListener.NONE));
        ch = w.on(w.app, desc::openChannel);
    }

    @AfterEach
    void close() {
        desc.close();
        w.close();
        assertThat(w.bdevs.badCompletions()).isZero();
    }

    private void settle() {
        w.rt.runFor(Duration.ofMillis(20));
    }

    private List<String> seen() {
        return d.seen.stream()
                .map(s -> s.type().jsonName() + " " + s.block() + "+" + s.count())
                .toList();
    }

    @Test
    void everyTypeIsHandedOnToItsPlace() {
        world(IoType.COMPARE, IoType.COMPARE_AND_WRITE, IoType.COPY, IoType.NVME_IO);
        DmaBuf five = w.buf(2, 5);
        w.run(w.app, () -> {
            ch.submitWriteBlocks(five, 3, 2, w.note, "write");
            ch.submitReadBlocks(five, 3, 2, w.note, "read");
            ch.submitCompareBlocks(five, 3, 2, w.note, "compare");
            ch.submitCopyBlocks(8, 3, 2, w.note, "copy");
            ch.submitCompareAndWrite(w.buf(1, 5), w.buf(1, 6), 3 * 512, w.note, "both");
            ch.submitNvmeIo(NvmeCommand.of(0x81), five, (s, cdw0, data) -> w.ends.add(data + " " + cdw0), "nvme");
            ch.submitUnmapBlocks(20, 4, w.note, "unmap");
            ch.submitWriteZeroesBlocks(30, 1, w.note, "zeroes");
            ch.submitFlushBlocks(0, 64, w.note, "flush");
            ch.submitReset(w.note, "reset");
        });
        settle();
        assertThat(seen())
                .containsExactly(
                        "write 67+2",
                        "read 67+2",
                        "compare 67+2",
                        "copy 72+2",
                        "compare_and_write 67+1",
                        "nvme_io 0+0",
                        "unmap 84+4",
                        "write_zeroes 94+1",
                        "flush 64+64",
                        "reset 0+0");
        assertThat(w.ends)
                .containsExactlyInAnyOrder(
                        "write success",
                        "read success",
                        "compare success",
                        "copy success",
                        "both success",
                        "nvme " + 0xC0FFEE,
                        "unmap success",
                        "zeroes success",
                        "flush success",
                        "reset success");
        assertThat(d.bytes[(FIRST + 8) * 512]).isEqualTo((byte) 5);
        assertThat(d.bytes[(FIRST + 3) * 512]).isEqualTo((byte) 6);
        assertThat(five.pins()).isZero();
    }

    @Test
    void whatTheDeviceBelowCannotDoIsEmulatedAbove() {
        world();
        assertThat(ch.bdev().emulates(IoType.COMPARE)).isTrue();
        w.run(w.app, () -> ch.submitCompareBlocks(w.buf(1, 0), 1, 1, w.note, "compare"));
        settle();
        assertThat(seen()).containsExactly("read 65+1");
        assertThat(w.ends).containsExactly("compare success");
    }

    @Test
    void whatASeekFindsMovesBack() {
        world(IoType.SEEK_DATA, IoType.SEEK_HOLE);
        d.seekResult = FIRST + 9;
        assertThat(w.rt.await(ch.seekDataBlocksAsync(1))).isEqualTo(9);
        d.seekResult = BdevCommands.NOWHERE;
        assertThat(w.rt.await(ch.seekHoleBlocksAsync(1))).isEqualTo(BdevCommands.NOWHERE);
        assertThat(seen()).containsExactly("seek_data 65+1", "seek_hole 65+1");
    }

    @Test
    void aZeroCopyKeepsTheMemoryOfTheDeviceBelow() {
        world(IoType.ZCOPY);
        ZeroCopy zcopy = w.rt.await(ch.zcopyStartBlocksAsync(2, 1, true));
        zcopy.memory().fill((byte) 9);
        desc.close();
        settle();
        assertThat(d.channelsOpen).as("kept by the zero copy").isEqualTo(1);
        w.rt.await(zcopy.endAsync(true));
        settle();
        assertThat(d.bytes[(FIRST + 2) * 512]).isEqualTo((byte) 9);
        assertThat(d.zcopyEnds).containsExactly("attached " + (FIRST + 2) * 512 + " true");
    }

    @Test
    void partsOfSeveralPiecesGoWhereTheyBelong() {
        world();
        upper.writesInHalves = true;
        DmaBuf[] pieces = {w.buf(1, 1), w.buf(3, 2), w.buf(2, 3)};
        w.run(w.app, () -> {
            ch.submitWritevBlocks(IoVec.of(pieces), 0, w.note, "vector");
            ch.submitWriteBlocks(w.buf(3, 4), 10, 3, w.note, "one");
        });
        settle();
        assertThat(d.seen.stream().map(FakeDevice.Seen::segments))
                .containsExactly(List.of(512L, 1024L), List.of(512L, 1024L), List.of(512L), List.of(1024L));
        assertThat(seen()).containsExactly("write 64+3", "write 67+3", "write 74+1", "write 75+2");
        byte[] expected = {1, 2, 2, 2, 3, 3};
        for (int i = 0; i < expected.length; i++) {
            assertThat(d.bytes[(FIRST + i) * 512 + 511]).isEqualTo(expected[i]);
        }
        assertThat(w.ends).containsExactly("vector success", "one success");
    }

    @Test
    void theRulesOfTheDeviceBelowAreKept() {
        world(
                BdevOptions.DEFAULT,
                s -> s.maxRwBlocks(2).optimalIoBoundary(4, true).maxSegments(1));
        d.maxBlocks = 2;
        d.boundary = 4;
        d.maxSegments = 1;
        upper.writesInHalves = true;
        DmaBuf buf = w.buf(8, 7);
        w.run(w.app, () -> ch.submitWritevBlocks(IoVec.of(buf.slice(0, 1536), buf.slice(1536, 2560)), 1, w.note, "w"));
        settle();
        assertThat(w.ends).containsExactly("w success");
        assertThat(Arrays.copyOfRange(d.bytes, 65 * 512, 73 * 512)).containsOnly(7);
    }

    @Test
    void noRoomBelowIsNotSeenAbove() {
        world();
        d.capacity = 1;
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitReadBlocks(w.buf(1), 0, 1, w.note, 1);
            ch.submitReadBlocks(w.buf(1), 1, 1, w.note, 2);
        });
        settle();
        assertThat(d.held).hasSize(1);
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        settle();
        w.run(w.app, () -> d.finishOldest(IoStatus.aio(5)));
        settle();
        assertThat(w.ends).containsExactly("1 success", "2 " + IoStatus.aio(5));
    }

    @Test
    void childrenNeedNoObjectThatTheirParentsHold() {
        world(
                BdevOptions.DEFAULT.withBdevIoPoolSize(2).withBdevIoCacheSize(1).withIoWaitLimit(8),
                s -> s.maxRwBlocks(1));
        d.mode = FakeDevice.Mode.HOLD;
        upper.writesInHalves = true;
        w.run(w.app, () -> {
            for (int i = 0; i < 6; i++) {
                ch.submitWriteBlocks(w.buf(4, i), i * 4, 4, w.note, i);
            }
        });
        assertThat(d.held).as("all parts of the one request that has an object").hasSize(4);
        assertThat(d.held.stream().map(BdevIo::slot)).containsExactly(1, 2, 3, 4);
        while (!d.held.isEmpty()) {
            w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
            settle();
            assertThat(d.held.size()).isLessThanOrEqualTo(8);
        }
        assertThat(w.ends)
                .containsExactly("0 success", "1 success", "2 success", "3 success", "4 success", "5 success");
    }

    @Test
    void anAbortReachesTheDeviceBelow() {
        world(IoType.ABORT);
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitReadBlocks(w.buf(1), 0, 1, w.note, "read");
            ch.submitReadBlocks(w.buf(1), 1, 1, w.note, "other");
            ch.submitAbort("read", w.note, "abort");
        });
        settle();
        assertThat(w.ends).containsExactlyInAnyOrder("read aborted", "abort success");
        d.abortable = false;
        w.run(w.app, () -> ch.submitAbort("other", w.note, "abort 2"));
        settle();
        assertThat(w.ends).contains("abort 2 failed").doesNotContain("other aborted");
    }

    @Test
    void aResetBelowAbortsWhatWaitsAndOnlyThat() {
        world();
        d.capacity = 1;
        d.mode = FakeDevice.Mode.HOLD;
        w.run(w.app, () -> {
            ch.submitReadBlocks(w.buf(1), 0, 1, w.note, 1);
            ch.submitReadBlocks(w.buf(1), 1, 1, w.note, 2);
        });
        d.capacity = 9;
        w.run(w.app, () -> ch.submitReset(w.note, "reset"));
        settle();
        assertThat(w.ends).containsExactly("2 aborted");
        d.mode = FakeDevice.Mode.INLINE;
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        settle();
        assertThat(w.ends).containsExactly("2 aborted", "1 success", "reset success");
    }

    @Test
    void aPartMustBeWithinItsParent() {
        world();
        w.run(w.app, () -> {
            BdevIo io = new BdevIo(ch.device().hub, 0);
            io.request(ch.device(), ch, IoType.WRITE, 0, 2, w.note, null);
            DmaBuf buf = w.buf(2);
            io.memory(buf, 0, 1024, false);
            BdevChannel below = upper.base.openChannel();
            assertThatThrownBy(() -> below.submitChild(io, IoType.WRITE, 512, 0, 2, w.note, null))
                    .hasMessageContaining("bytes 512 to 1536")
                    .hasMessageContaining("1024");
            assertThatThrownBy(() -> below.submitChild(io, IoType.COMPARE, -1, 0, 1, w.note, null))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> below.submitChild(io, IoType.READ, 0, 0, 0, w.note, null))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> below.submitChild(io, IoType.READ, 0, 128, 1, w.note, null))
                    .hasMessageContaining("bdev D");
            assertThatThrownBy(() -> below.submitChild(io, IoType.COPY, 0, 0, 1, w.note, null))
                    .hasMessageContaining("forward the parent");
            below.close();
        });
    }
}
