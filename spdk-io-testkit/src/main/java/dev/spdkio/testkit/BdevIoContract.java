// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevStats;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.ResultCompletion;
import dev.spdkio.bdev.ZoneAction;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What I/O does, and where and when it ends; part of {@link BdevContract}. */
interface BdevIoContract {
    /** The device of this test. */
    BdevBed bed();

    /** Whether the device has what was written to it. */
    boolean stores();

    /** Whether a range that was unmapped reads as zeroes. */
    boolean unmapsToZeroes();

    private int blockSize() {
        return bed().blockSize();
    }

    private static void submit(BdevChannel ch, IoType type, DmaBuf buf, long offset, IoCompletion c, Object userData) {
        switch (type) {
            case READ -> ch.submitRead(buf, offset, c, userData);
            case WRITE -> ch.submitWrite(buf, offset, c, userData);
            case WRITE_ZEROES -> ch.submitWriteZeroes(offset, buf.size(), c, userData);
            case UNMAP -> ch.submitUnmap(offset, buf.size(), c, userData);
            case FLUSH -> ch.submitFlush(offset, buf.size(), c, userData);
            case RESET -> ch.submitReset(c, userData);
            case COMPARE -> ch.submitCompare(buf, offset, c, userData);
            case COMPARE_AND_WRITE -> ch.submitCompareAndWrite(buf, buf, offset, c, userData);
            case COPY -> ch.submitCopy(offset + buf.size(), offset, buf.size(), c, userData);
            case ZCOPY ->
                ch.submitZcopyStart(
                        offset,
                        buf.size(),
                        true,
                        (status, zcopy, u) -> {
                            if (zcopy != null) {
                                zcopy.submitEnd(true, c, u);
                            } else {
                                c.completed(status, u);
                            }
                        },
                        userData);
            case ABORT -> ch.submitAbort(buf, c, userData);
            case NVME_ADMIN -> ch.submitNvmeAdmin(NvmeCommand.of(0), buf, statusOnly(c), userData);
            case NVME_IO -> ch.submitNvmeIo(NvmeCommand.of(0), buf, statusOnly(c), userData);
            case SEEK_HOLE -> ch.submitSeekHole(offset, statusOnly(c), userData);
            case SEEK_DATA -> ch.submitSeekData(offset, statusOnly(c), userData);
            case ZONE_APPEND -> ch.zones().submitAppend(buf, 0, statusOnly(c), userData);
            case ZONE_MANAGEMENT -> ch.zones().submitManage(ZoneAction.OPEN, 0, c, userData);
            case GET_ZONE_INFO -> ch.zones().submitInfo(0, 1, statusOnly(c), userData);
        }
    }

    private static <T> ResultCompletion<T> statusOnly(IoCompletion completion) {
        return (status, _, userData) -> completion.completed(status, userData);
    }

    private static CompletableFuture<?> async(BdevChannel ch, IoType type, DmaBuf buf, long offset) {
        return switch (type) {
            case READ -> ch.readAsync(buf, offset);
            case WRITE -> ch.writeAsync(buf, offset);
            case WRITE_ZEROES -> ch.writeZeroesAsync(offset, buf.size());
            case UNMAP -> ch.unmapAsync(offset, buf.size());
            case FLUSH -> ch.flushAsync(offset, buf.size());
            case RESET -> ch.resetAsync();
            case COMPARE -> ch.compareAsync(buf, offset);
            case COMPARE_AND_WRITE -> ch.compareAndWriteAsync(buf, buf, offset);
            case COPY -> ch.copyAsync(offset + buf.size(), offset, buf.size());
            case ZCOPY -> ch.zcopyStartAsync(offset, buf.size(), true);
            case ABORT -> ch.abortAsync(buf);
            case NVME_ADMIN -> ch.nvmeAdminAsync(NvmeCommand.of(0), buf);
            case NVME_IO -> ch.nvmeIoAsync(NvmeCommand.of(0), buf);
            case SEEK_HOLE -> ch.seekHoleAsync(offset);
            case SEEK_DATA -> ch.seekDataAsync(offset);
            case ZONE_APPEND -> ch.zones().appendAsync(buf, 0);
            case ZONE_MANAGEMENT -> ch.zones().manageAsync(ZoneAction.OPEN, 0);
            case GET_ZONE_INFO -> ch.zones().infoAsync(0, 1);
        };
    }

    /** The types that succeed whatever the device holds. */
    private Set<IoType> unconditionalTypes() {
        Set<IoType> types = EnumSet.copyOf(bed().bdev().supportedTypes());
        types.removeAll(
                Set.of(IoType.COMPARE, IoType.COMPARE_AND_WRITE, IoType.ABORT, IoType.NVME_ADMIN, IoType.NVME_IO));
        return types;
    }

    private void assertHolds(DmaBuf buf, byte[] expected, String what) {
        if (stores()) {
            assertThat(BdevBed.bytes(buf)).as(what).isEqualTo(expected);
        }
    }

    private static void assertAllGood(List<IoStatus> statuses) {
        assertThat(statuses).allMatch(IoStatus::isSuccess);
    }

    private static byte[] random(RandomGenerator random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    @DisplayName("every type of I/O ends after its submit call, once, on the thread that submitted it")
    default void endsAfterSubmitOnItsThread() {
        for (BdevChannel ch : List.of(bed().channel(bed().app()), bed().channel(bed().other()))) {
            DmaBuf buf = bed().buf(blockSize(), 1);
            for (IoType type : unconditionalTypes()) {
                bed().good(ch, (c, u) -> submit(ch, type, buf, blockSize(), c, u));
            }
            Set<IoType> together = unconditionalTypes();
            together.remove(IoType.RESET);
            assertAllGood(bed().finish(bed().begin(ch, ends -> {
                for (int i = 0; i < 10; i++) {
                    together.forEach(type -> ends.submit((c, u) -> submit(ch, type, buf, 0, c, u)));
                }
            })));
        }
    }

    @Test
    @DisplayName("an end that submits the next I/O does not make it end inside")
    default void anEndMaySubmit() {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blockSize(), 1);
        List<IoStatus> ends = bed().finish(bed().begin(
                        ch,
                        e -> e.load(
                                1, 200, (number, _, c, u) -> ch.submitRead(buf, number * (long) blockSize(), c, u))));
        assertThat(ends).hasSize(200).allMatch(IoStatus::isSuccess);
    }

    @Test
    @DisplayName("a type of I/O that is not supported is refused in every style, and the channel goes on")
    default void unsupportedTypesFailCleanly() {
        Set<IoType> missing = EnumSet.allOf(IoType.class);
        missing.removeAll(bed().bdev().supportedTypes());
        assumeFalse(missing.isEmpty(), () -> bed().bdev() + " supports every type");
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blockSize(), 1);
        for (IoType type : missing) {
            bed().begin(
                            ch,
                            ends -> assertThatThrownBy(() -> ends.submit((c, u) -> submit(ch, type, buf, 0, c, u)))
                                    .isInstanceOf(UnsupportedOperationException.class)
                                    .hasMessageContaining(type.jsonName())
                                    .hasMessageContaining(bed().bdev().name()));
            assertThatThrownBy(() -> bed().world().await(async(ch, type, buf, 0)))
                    .hasCauseInstanceOf(SpdkException.class)
                    .cause()
                    .satisfies(e -> assertThat(((SpdkException) e).errno()).isEqualTo(Errno.EOPNOTSUPP));
        }
        assertThat(bed().world().on(bed().app(), ch::inFlight)).isZero();
        bed().good(ch, (c, u) -> ch.submitRead(buf, 0, c, u));
    }

    @Test
    @DisplayName("a read-only descriptor reads, and refuses whatever modifies")
    default void readOnlyRefusesToModify() {
        BdevDesc desc = bed().open(bed().app(), OpenMode.READ_ONLY, BdevEventListener.NONE);
        BdevChannel ch = bed().world().on(bed().app(), desc::openChannel);
        DmaBuf buf = bed().buf(blockSize(), 1);
        bed().good(ch, (c, u) -> ch.submitRead(buf, 0, c, u));
        for (IoType type : bed().bdev().supportedTypes()) {
            if (type.modifies()) {
                bed().begin(
                                ch,
                                ends -> assertThatThrownBy(() -> ends.submit((c, u) -> submit(ch, type, buf, 0, c, u)))
                                        .isInstanceOf(IllegalStateException.class)
                                        .hasMessageContaining("READ_ONLY"));
            }
        }
    }

    @Test
    @DisplayName("a channel takes no I/O from another thread")
    default void refusesOtherThreads() {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blockSize(), 1);
        bed().world()
                .run(
                        bed().other(),
                        () -> assertThatThrownBy(() -> ch.submitRead(buf, 0, (_, _) -> {}, null))
                                .isInstanceOf(WrongThreadException.class)
                                .hasMessageContaining(bed().bdev().name()));
        assertThat(bed().world().on(bed().app(), ch::inFlight)).isZero();
    }

    @Test
    @DisplayName("callbacks, futures and tasks see the same blocks")
    default void stylesAgree() {
        BdevChannel ch = bed().channel(bed().app());
        byte[] content = random(RandomGenerator.getDefault(), 4 * blockSize());
        DmaBuf out = bed().buf(content);
        DmaBuf in = bed().buf(content.length, 0);
        bed().world().await(ch.writeAsync(out, 0));
        bed().world()
                .await(bed().app()
                        .spawn("reads what the future wrote", () -> {
                            ch.read(in, 0);
                            ch.write(in, content.length);
                            return true;
                        })
                        .future());
        assertHolds(in, content, "read by the task");
        DmaBuf again = bed().buf(content.length, 0);
        bed().good(ch, (c, u) -> ch.submitRead(again, stores() ? content.length : 0, c, u));
        assertHolds(again, content, "written by the task");
    }

    @Test
    @DisplayName("two threads write disjoint ranges at once, and each sees what the other wrote")
    default void twoThreadsOnDisjointRanges(RandomGenerator random) {
        int each = 4 * blockSize();
        int count = 200;
        List<BdevChannel> channels = List.of(bed().channel(bed().app()), bed().channel(bed().other()));
        List<List<byte[]>> contents = new ArrayList<>();
        List<IoEnds> begun = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            List<DmaBuf> bufs = new ArrayList<>();
            List<byte[]> content = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                content.add(random(random, each));
                bufs.add(bed().buf(content.get(i)));
            }
            contents.add(content);
            long first = t;
            BdevChannel ch = channels.get(t);
            begun.add(bed().begin(
                            ch,
                            ends -> ends.load(
                                    24,
                                    count,
                                    (n, _, c, u) -> ch.submitWrite(bufs.get(n), (2L * n + first) * each, c, u))));
        }
        begun.forEach(ends -> assertAllGood(bed().finish(ends)));
        for (int t = 0; t < 2; t++) {
            BdevChannel ch = channels.get(1 - t);
            long first = t;
            List<DmaBuf> bufs = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                bufs.add(bed().buf(each, 0));
            }
            assertAllGood(bed().finish(bed().begin(
                            ch,
                            ends -> ends.load(
                                    24,
                                    count,
                                    (n, _, c, u) -> ch.submitRead(bufs.get(n), (2L * n + first) * each, c, u)))));
            for (int i = 0; i < count; i++) {
                assertHolds(bufs.get(i), contents.get(t).get(i), "range " + i + " of thread " + t);
            }
        }
    }

    @Test
    @DisplayName("vectors of many shapes, of parts that are no whole blocks and not aligned too")
    default void vectorsOfManyShapes(RandomGenerator random) {
        int b = blockSize();
        int[][] shapes = {
            {b},
            {b, b},
            {1, b - 1},
            {b - 1, 1},
            {8 * b, b, 2 * b},
            {3, b - 3, b / 2, b / 2},
            {b / 2, b, b / 2},
            {1 << 20},
            repeat(64, b),
            repeat(65, b),
            repeat(300, 64 * (b / 512)),
            repeat(IoVec.MAX_PARTS, b / 4),
            {256 * 1024, b, 256 * 1024 - b},
        };
        BdevChannel ch = bed().channel(bed().app());
        for (int shift : new int[] {0, 7}) {
            long offset = b;
            for (int[] shape : shapes) {
                int total = wholeBlocks(shape);
                String what = "shape " + Arrays.toString(shape) + " shifted by " + shift;
                byte[] content = random(random, total);
                List<DmaBuf> made = new ArrayList<>();
                IoVec out = vec(shape, total, shift, made);
                out.copyFrom(0, content);
                long at = offset;
                bed().good(ch, (c, u) -> ch.submitWritev(out, at, c, u));
                DmaBuf flat = bed().buf(total, 0);
                bed().good(ch, (c, u) -> ch.submitRead(flat, at, c, u));
                assertHolds(flat, content, what + ", written");
                IoVec in = vec(shape, total, shift, made);
                bed().good(ch, (c, u) -> ch.submitReadv(in, at, c, u));
                if (stores()) {
                    byte[] got = new byte[total];
                    in.copyTo(0, got);
                    assertThat(got).as(what + ", read").isEqualTo(content);
                }
                made.forEach(bed()::close);
                bed().close(flat);
                offset += 3L * b;
            }
        }
    }

    private static int[] repeat(int count, int each) {
        int[] lengths = new int[count];
        Arrays.fill(lengths, each);
        return lengths;
    }

    /** The bytes of a shape, cut to whole blocks. */
    private int wholeBlocks(int[] shape) {
        return Arrays.stream(shape).sum() / blockSize() * blockSize();
    }

    private IoVec vec(int[] shape, int total, int shift, List<DmaBuf> made) {
        IoVec.Builder builder = IoVec.builder();
        int left = total;
        for (int length : shape) {
            int part = Math.min(length, left);
            if (part > 0) {
                DmaBuf buf = bed().buf(part + shift);
                made.add(buf);
                builder.add(buf, shift, part);
                left -= part;
            }
        }
        return builder.build();
    }

    @Test
    @DisplayName("a deep queue: everything that was submitted at once ends")
    default void aDeepQueueEnds() {
        int count = 2000;
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blockSize(), 3);
        List<IoStatus> ends = bed().finish(bed().begin(ch, e -> {
            for (int i = 0; i < count; i++) {
                long block = i;
                e.submit((c, u) -> ch.submitReadBlocks(buf, block, 1, c, u));
            }
            assertThat(ch.inFlight()).isEqualTo(count);
        }));
        assertThat(ends).hasSize(count).allMatch(IoStatus::isSuccess);
        assertThat(bed().world().on(bed().app(), ch::inFlight)).isZero();
    }

    @Test
    @DisplayName("random I/O keeps to a model")
    default void keepsToAModel(RandomGenerator random) {
        assumeTrue(stores(), () -> bed().bdev() + " stores nothing that could be compared with a model");
        new BdevModel(bed(), unmapsToZeroes(), random).run(60);
    }

    @Test
    @DisplayName("memory cannot be closed while it is in flight, and can be afterwards")
    default void memoryIsPinnedWhileInFlight() {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf one = bed().buf(blockSize(), 1);
        DmaBuf two = bed().buf(3L * blockSize(), 1);
        bed().finish(bed().begin(ch, ends -> {
            ends.submit(
                    (c, u) -> ch.submitWrite(one, 0, c, u),
                    _ -> assertThat(one.pins()).isZero());
            ends.submit(
                    (c, u) -> ch.submitReadv(IoVec.of(two), blockSize(), c, u),
                    _ -> assertThat(two.pins()).isZero());
            for (DmaBuf buf : List.of(one, two)) {
                assertThat(buf.pins()).isPositive();
                assertThatThrownBy(buf::close).isInstanceOf(IllegalStateException.class);
            }
        }));
        bed().assertNothingInFlight();
        bed().world().run(bed().app(), () -> {
            bed().close(one);
            bed().close(two);
        });
        assertThat(one.isClosed() && two.isClosed()).isTrue();
    }

    @Test
    @DisplayName("I/O of every kind, misaligned too, leaves nothing of the pool behind")
    default void leavesNothingOfThePool() {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf odd = bed().buf(64L * blockSize() + 7, 1);
        DmaBuf part = odd.slice(7, 64L * blockSize());
        Set<IoType> types = unconditionalTypes();
        types.forEach(type -> bed().good(ch, (c, u) -> submit(ch, type, part, 0, c, u)));
        long before = bed().pool().stats().openBuffers();
        for (int round = 0; round < 20; round++) {
            types.forEach(type -> bed().good(ch, (c, u) -> submit(ch, type, part, 0, c, u)));
        }
        assertThat(bed().pool().stats().openBuffers()).isEqualTo(before);
        part.close();
    }

    @Test
    @DisplayName("the statistics count what was done, on each thread and on all")
    default void statisticsCount() {
        int b = blockSize();
        BdevChannel here = bed().channel(bed().app());
        BdevChannel there = bed().channel(bed().other());
        DmaBuf buf = bed().buf(4L * b, 1);
        for (int i = 0; i < 5; i++) {
            bed().good(here, (c, u) -> here.submitWrite(buf, 0, c, u));
        }
        for (int i = 0; i < 3; i++) {
            bed().good(here, (c, u) -> here.submitReadBlocks(buf, 8, 2, c, u));
            bed().good(there, (c, u) -> there.submitReadBlocks(buf, 8, 1, c, u));
        }
        boolean unmaps = bed().bdev().supports(IoType.UNMAP);
        if (unmaps) {
            bed().good(there, (c, u) -> there.submitUnmap(0, 8L * b, c, u));
        }
        bed().begin(here, ends -> assertThatThrownBy(() -> ends.submit((c, u) -> here.submitRead(buf, -b, c, u))));
        BdevStats one = bed().world().on(bed().app(), here::stats);
        assertCount(one.read(), 3, 6L * b);
        assertCount(one.write(), 5, 20L * b);
        assertCount(one.unmap(), 0, 0);
        BdevStats all = bed().world().await(bed().bdev().stats());
        assertCount(all.read(), 6, 9L * b);
        assertCount(all.write(), 5, 20L * b);
        assertCount(all.unmap(), unmaps ? 1 : 0, unmaps ? 8L * b : 0);
        assertThat(all.errors()).isEmpty();
        assertThat(all.read().maxLatencyNanos())
                .isBetween(all.read().minLatencyNanos(), all.read().latencyNanos());
    }

    private static void assertCount(BdevStats.PerType counters, long ops, long bytes) {
        assertThat(counters.ops()).isEqualTo(ops);
        assertThat(counters.bytes()).isEqualTo(bytes);
    }
}
