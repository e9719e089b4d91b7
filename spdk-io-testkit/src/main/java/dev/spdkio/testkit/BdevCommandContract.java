// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevCommands;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.ZeroCopy;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Compare, compare and write, copy, zero copy, abort and seek; part of {@link BdevContract}. */
interface BdevCommandContract {
    /** The device of this test. */
    BdevBed bed();

    /** Whether the device has what was written to it. */
    boolean stores();

    private int blocks(int count) {
        return count * bed().blockSize();
    }

    private void needs(IoType type) {
        assumeTrue(bed().bdev().supports(type), () -> bed().bdev() + " does not support " + type.jsonName());
    }

    private void needsStorage(IoType type) {
        assumeTrue(stores(), () -> bed().bdev() + " stores nothing that could be compared");
        needs(type);
    }

    private void assertMiscompare(IoStatus status) {
        assertThat(status.isMiscompare()).as("%s", status).isTrue();
        assertThat(status.errno()).isEqualTo(Errno.EILSEQ);
    }

    private DmaBuf random(RandomGenerator random, int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        return bed().buf(content);
    }

    // ---- compare ---------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("a compare succeeds if all is equal, and tells of one bit that is not, wherever it is")
    default void comparesEveryByte(RandomGenerator random) {
        needsStorage(IoType.COMPARE);
        BdevChannel ch = bed().channel(bed().app());
        int length = blocks(700 * 512 / bed().blockSize());
        DmaBuf content = random(random, length);
        bed().good(ch, (c, u) -> ch.submitWrite(content, blocks(3), c, u));
        bed().good(ch, (c, u) -> ch.submitCompare(content, blocks(3), c, u));
        for (int wrong : new int[] {0, length - 1, random.nextInt(length)}) {
            flip(content, wrong);
            assertMiscompare(bed().io(ch, (c, u) -> ch.submitCompare(content, blocks(3), c, u)));
            flip(content, wrong);
        }
        bed().good(ch, (c, u) -> ch.submitCompareBlocks(content, 3, 2, c, u));
    }

    private static void flip(DmaBuf buf, int at) {
        MemorySegment memory = buf.segment();
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ 1));
    }

    @Test
    @DisplayName("a compare takes memory in pieces, not aligned too")
    default void comparesPieces(RandomGenerator random) {
        needsStorage(IoType.COMPARE);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf content = random(random, blocks(9) + 5);
        DmaBuf aligned = bed().buf(blocks(9));
        MemorySegment.copy(content.segment(), 5, aligned.segment(), 0, blocks(9));
        bed().good(ch, (c, u) -> ch.submitWrite(aligned, blocks(1), c, u));
        IoVec pieces = IoVec.builder()
                .add(content, 5, 3)
                .add(content, 8, blocks(4))
                .add(content, 8 + blocks(4), blocks(5) - 3)
                .build();
        bed().good(ch, (c, u) -> ch.submitComparev(pieces, blocks(1), c, u));
        bed().good(ch, (c, u) -> ch.submitComparevBlocks(pieces, 1, c, u));
        flip(content, 8 + blocks(4));
        assertMiscompare(bed().io(ch, (c, u) -> ch.submitComparev(pieces, blocks(1), c, u)));
    }

    @Test
    @DisplayName("a compare in a future or a task fails with EILSEQ if something differs")
    default void compareInFuturesAndTasks() {
        needsStorage(IoType.COMPARE);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf content = bed().buf(blocks(2), 7);
        bed().good(ch, (c, u) -> ch.submitWrite(content, 0, c, u));
        bed().world().await(ch.compareAsync(content, 0));
        assertThatThrownBy(() -> bed().world().await(ch.compareAsync(content, blocks(1))))
                .hasCauseInstanceOf(SpdkException.class)
                .cause()
                .satisfies(e -> assertThat(((SpdkException) e).errno()).isEqualTo(Errno.EILSEQ));
        int errno = bed().world()
                .await(bed().app()
                        .<Integer>spawn("compare", () -> {
                            ch.compareBlocks(content, 0, 2);
                            try {
                                ch.compare(content, blocks(1));
                                return 0;
                            } catch (SpdkException e) {
                                return e.errno();
                            }
                        })
                        .future());
        assertThat(errno).isEqualTo(Errno.EILSEQ);
        bed().assertNothingInFlight();
    }

    // ---- compare and write -----------------------------------------------------------------------------------------

    @Test
    @DisplayName("compare and write: threads that count in one block lose nothing")
    default void compareAndWriteCounts() {
        needsStorage(IoType.COMPARE_AND_WRITE);
        int each = 40;
        List<Counting> counters = new ArrayList<>();
        for (BdevChannel ch : List.of(bed().channel(bed().app()), bed().channel(bed().other()))) {
            Counting counting = new Counting(ch, bed().buf(blocks(1), 0), bed().buf(blocks(1), 0), each);
            counters.add(counting);
            bed().world().run(ch.thread(), counting::tryOne);
        }
        counters.forEach(counting -> bed().world().await(counting.done));
        DmaBuf in = bed().buf(blocks(1), 0xFF);
        BdevChannel ch = bed().channel(bed().app());
        bed().good(ch, (c, u) -> ch.submitRead(in, 0, c, u));
        assertThat(in.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(2 * each);
    }

    /** Adds one to the number in block 0, as often as asked for. On its thread. */
    final class Counting {
        private final BdevChannel ch;
        private final DmaBuf before;
        private final DmaBuf after;
        private final CompletableFuture<Integer> done;
        private int left;

        Counting(BdevChannel ch, DmaBuf before, DmaBuf after, int times) {
            this.ch = ch;
            this.before = before;
            this.after = after;
            this.left = times;
            this.done = ch.thread().runtime().newFuture();
        }

        void tryOne() {
            int now = before.segment().get(ValueLayout.JAVA_INT, 0);
            after.segment().set(ValueLayout.JAVA_INT, 0, now + 1);
            ch.submitCompareAndWrite(before, after, 0, (status, _) -> tried(status), null);
        }

        private void tried(IoStatus status) {
            if (status.isSuccess() && --left == 0) {
                done.complete(0);
            } else if (status.isSuccess() || status.isMiscompare()) {
                ch.submitRead(before, 0, (_, _) -> tryOne(), null);
            } else {
                done.completeExceptionally(new AssertionError("compare and write ended with " + status));
            }
        }
    }

    @Test
    @DisplayName("compare and write of more than the device can do at once, or of unlike lengths, is refused")
    default void compareAndWriteIsBounded() {
        needs(IoType.COMPARE_AND_WRITE);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf one = bed().buf(blocks(1), 1);
        DmaBuf two = bed().buf(blocks(2), 1);
        DmaBuf tooLong = bed().buf(blocks(bed().bdev().acwu() + 1), 1);
        bed().begin(ch, ends -> {
            assertThatThrownBy(() -> ends.submit((c, u) -> ch.submitCompareAndWrite(tooLong, tooLong, 0, c, u)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("Bdev.acwu");
            assertThatThrownBy(() -> ends.submit((c, u) -> ch.submitCompareAndWrite(one, two, 0, c, u)))
                    .isInstanceOf(IllegalArgumentException.class);
        });
        assertThat(bed().world().on(bed().app(), ch::inFlight)).isZero();
    }

    // ---- copy ------------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("copies of all sizes, to ranges that overlap their source too")
    default void copies(RandomGenerator random) {
        needsStorage(IoType.COPY);
        BdevChannel ch = bed().channel(bed().app());
        int all = 3 << 20;
        DmaBuf content = random(random, all);
        byte[] model = BdevBed.bytes(content);
        bed().good(ch, (c, u) -> ch.submitWrite(content, 0, c, u));
        int b = bed().blockSize();
        int[][] copies = {{1, 0, 1}, {0, 5, 3}, {2, 2, 2}, {7, 9, 0}, {100, 0, (1 << 20) / b}, {0, 1, (2 << 20) / b}};
        for (int[] copy : copies) {
            System.arraycopy(model, copy[1] * b, model, copy[0] * b, copy[2] * b);
            bed().good(ch, (c, u) -> ch.submitCopyBlocks(copy[0], copy[1], copy[2], c, u));
            DmaBuf in = bed().buf(all, 0);
            bed().good(ch, (c, u) -> ch.submitRead(in, 0, c, u));
            assertThat(Arrays.mismatch(BdevBed.bytes(in), model))
                    .as("first byte that differs after copy %s", Arrays.toString(copy))
                    .isEqualTo(-1);
            bed().close(in);
        }
        bed().begin(
                        ch,
                        ends -> assertThatThrownBy(() -> ends.submit(
                                        (c, u) -> ch.submitCopy(0, bed().bdev().sizeBytes() - b, 2L * b, c, u)))
                                .isInstanceOf(IllegalArgumentException.class));
    }

    @Test
    @DisplayName("a copy is counted: as one, or as the reads and writes it is made of")
    default void copyIsCounted() {
        needsStorage(IoType.COPY);
        BdevChannel ch = bed().channel(bed().app());
        bed().good(ch, (c, u) -> ch.submitCopyBlocks(8, 0, 4, c, u));
        BdevStats stats = bed().world().on(bed().app(), ch::stats);
        boolean emulated = bed().bdev().emulates(IoType.COPY);
        assertThat(stats.copy().bytes()).isEqualTo(emulated ? 0 : blocks(4));
        assertThat(stats.read().bytes()).isEqualTo(emulated ? blocks(4) : 0);
        assertThat(stats.write().bytes()).isEqualTo(emulated ? blocks(4) : 0);
    }

    // ---- zero copy -------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("zero copy: the memory has what the range has, and the range what is committed")
    default void zeroCopies(RandomGenerator random) {
        needsStorage(IoType.ZCOPY);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf content = random(random, blocks(4));
        DmaBuf other = random(random, blocks(4));
        DmaBuf in = bed().buf(blocks(4), 0);
        bed().good(ch, (c, u) -> ch.submitWrite(content, blocks(2), c, u));
        ZeroCopy zcopy = bed().world().await(ch.zcopyStartAsync(blocks(2), blocks(4), true));
        MemorySegment memory = zcopy.memory();
        assertThat(memory.mismatch(content.segment())).isEqualTo(-1);
        memory.copyFrom(other.segment());
        bed().world().await(zcopy.endAsync(true));
        bed().good(ch, (c, u) -> ch.submitRead(in, blocks(2), c, u));
        assertThat(in.mismatch(other)).as("what was committed").isEqualTo(-1);
        assertThatThrownBy(zcopy::memory).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> zcopy.endAsync(false)).isInstanceOf(IllegalStateException.class);
        zcopy.close();
    }

    @Test
    @DisplayName("zero copy: a descriptor is not closed before it has ended")
    default void closingWaitsForZeroCopies() {
        needs(IoType.ZCOPY);
        var desc = bed().open(bed().app(), OpenMode.READ_WRITE, BdevEventListener.NONE);
        BdevChannel ch = bed().world().on(bed().app(), desc::openChannel);
        List<ZeroCopy> open = new ArrayList<>();
        bed().finish(bed().begin(
                        ch,
                        ends -> ends.submit((c, u) -> ch.submitZcopyStartBlocks(
                                0,
                                1,
                                false,
                                (status, zcopy, userData) -> {
                                    open.add(Objects.requireNonNull(zcopy));
                                    c.completed(status, userData);
                                },
                                u))));
        desc.close();
        bed().world().settle();
        assertThat(desc.closed()).isNotDone();
        open.getFirst().close();
        bed().world().await(desc.closed());
    }

    // ---- abort -----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("an abort of nothing fails, and one of I/O in flight leaves each to end once")
    default void aborts() {
        needs(IoType.ABORT);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blocks(1), 1);
        assertThat(bed().io(ch, (c, u) -> ch.submitAbort(new Object(), c, u))).isEqualTo(IoStatus.FAILED);
        List<IoStatus> ends = bed().finish(bed().begin(
                        ch,
                        e -> e.submit((c, u) -> {
                            ch.submitRead(buf, 0, c, u);
                            e.submit((c2, u2) -> ch.submitAbort(u, c2, u2));
                        })));
        assertThat(ends)
                .hasSize(2)
                .allMatch(s -> s.isSuccess() || s.equals(IoStatus.FAILED) || s.equals(IoStatus.ABORTED));
        bed().good(ch, (c, u) -> ch.submitRead(buf, 0, c, u));
    }

    // ---- seek ------------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("a seek finds data where something was written; a device that cannot tell has no holes")
    default void seeks() {
        needs(IoType.SEEK_DATA);
        needs(IoType.SEEK_HOLE);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blocks(1), 1);
        bed().good(ch, (c, u) -> ch.submitWrite(buf, blocks(6), c, u));
        assertThat(bed().world().await(ch.seekDataAsync(blocks(6)))).isEqualTo(blocks(6));
        assertThat(bed().world().await(ch.seekDataBlocksAsync(6))).isEqualTo(6);
        if (bed().bdev().emulates(IoType.SEEK_HOLE)) {
            assertThat(bed().world().await(ch.seekHoleAsync(0))).isEqualTo(BdevCommands.NOWHERE);
        }
        assertThatThrownBy(() -> ch.seekDataBlocksAsync(bed().bdev().blockCount()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
