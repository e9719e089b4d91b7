// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of I/O when the device is reset, closed or removed; part of {@link BdevContract}. */
interface BdevLifeContract {
    /** I/Os in flight together on a thread. */
    int DEPTH = 32;

    /** The device of this test. */
    BdevBed bed();

    /** Whether the device has what was written to it. */
    boolean stores();

    private List<DmaBuf> bufs(int count) {
        List<DmaBuf> bufs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bufs.add(bed().buf(4L * bed().blockSize(), i));
        }
        return bufs;
    }

    /** Reads and writes, the writes in the second half of the first MiB. */
    private void load(IoEnds ends, BdevChannel ch, List<DmaBuf> bufs, int total) {
        long size = 4L * bed().blockSize();
        int ranges = (int) ((512 << 10) / size);
        ends.load(bufs.size(), total, (number, place, c, u) -> {
            long at = number % ranges * size;
            if (number % 2 == 0) {
                ch.submitRead(bufs.get(place), at, c, u);
            } else {
                ch.submitWrite(bufs.get(place), (512 << 10) + at, c, u);
            }
        });
    }

    private static void assertGoodOrAborted(List<IoStatus> statuses) {
        assertThat(statuses).allMatch(status -> status.isSuccess() || status.kind() == IoStatus.Kind.ABORTED);
    }

    @Test
    @DisplayName("closing waits for the I/O in flight, and takes no more")
    default void closingWaitsForIo() {
        BdevDesc desc = bed().open(bed().app(), OpenMode.READ_WRITE, BdevEventListener.NONE);
        BdevChannel ch = bed().world().on(bed().app(), desc::openChannel);
        List<DmaBuf> bufs = bufs(100);
        AtomicReference<Boolean> closedEarly = new AtomicReference<>(true);
        IoEnds ends = bed().begin(ch, e -> {
            load(e, ch, bufs, 100);
            desc.close();
            closedEarly.set(desc.closed().isDone());
            assertThat(desc.isClosed() && ch.isClosed()).isTrue();
            assertThatThrownBy(() -> e.submit((c, u) -> ch.submitRead(bufs.getFirst(), 0, c, u)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        });
        bed().world().await(desc.closed());
        assertThat(bed().finish(ends)).hasSize(100).allMatch(IoStatus::isSuccess);
        assertThat(closedEarly).hasValue(false);
        bed().assertNothingInFlight();
        assertThat(bed().bdev().openCount()).isZero();
        assertThat(bed().bdev().isRegistered()).isTrue();
    }

    @Test
    @DisplayName("closing a descriptor with channels on two threads ends the I/O of both")
    default void closingEndsTheIoOfEveryThread() {
        BdevDesc desc = bed().open(bed().app(), OpenMode.READ_WRITE, BdevEventListener.NONE);
        List<IoEnds> begun = new ArrayList<>();
        for (SpdkThread thread : List.of(bed().other(), bed().app())) {
            BdevChannel ch = bed().world().on(thread, desc::openChannel);
            List<DmaBuf> bufs = bufs(DEPTH);
            begun.add(bed().begin(ch, e -> load(e, ch, bufs, 100_000)));
        }
        desc.close();
        bed().world().await(desc.closed());
        begun.forEach(ends -> assertThat(bed().finish(ends))
                .hasSizeGreaterThanOrEqualTo(DEPTH)
                .allMatch(IoStatus::isSuccess));
    }

    @Test
    @DisplayName("a removal ends every I/O in flight, and tells each listener once")
    default void removalEndsEveryIo() {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        BdevEventListener listener = (event, desc) -> {
            told.add(event + " on "
                    + Objects.requireNonNull(SpdkThread.current()).name());
            if (event == BdevEvent.REMOVED) {
                desc.close();
            }
        };
        BdevDesc near = bed().open(bed().app(), OpenMode.READ_WRITE, listener);
        BdevDesc far = bed().open(bed().other(), OpenMode.READ_WRITE, listener);
        BdevChannel there = bed().world().on(bed().other(), far::openChannel);
        BdevChannel here = bed().world().on(bed().app(), near::openChannel);
        List<DmaBuf> farBufs = bufs(DEPTH);
        List<DmaBuf> nearBufs = bufs(DEPTH);
        List<CompletableFuture<Void>> gone = Collections.synchronizedList(new ArrayList<>());
        IoEnds farEnds = bed().begin(there, e -> load(e, there, farBufs, 100_000));
        IoEnds nearEnds = bed().begin(here, e -> {
            load(e, here, nearBufs, 100_000);
            gone.add(bed().remove());
            assertThat(here.inFlight()).isPositive();
        });
        bed().world().await(gone.getFirst());
        assertGoodOrAborted(bed().finish(farEnds));
        assertGoodOrAborted(bed().finish(nearEnds));
        bed().assertNothingInFlight();
        bed().world().settle();
        assertThat(told)
                .containsExactlyInAnyOrder(
                        "REMOVED on " + bed().app().name(),
                        "REMOVED on " + bed().other().name());
        assertThat(bed().bdevs().lookup(bed().bdev().name())).isNull();
        assertThat(bed().bdev().isRegistered()).isFalse();
    }

    @Test
    @DisplayName("a removal waits for the descriptor, which may go on; meanwhile nobody opens or removes it again")
    default void removalWaitsForTheDescriptor() {
        List<BdevEvent> told = Collections.synchronizedList(new ArrayList<>());
        BdevDesc desc = bed().open(bed().app(), OpenMode.READ_WRITE, (event, _) -> told.add(event));
        BdevChannel ch = bed().world().on(bed().app(), desc::openChannel);
        CompletableFuture<Void> gone = bed().remove();
        bed().world().awaitUntil("the listener is told", () -> !told.isEmpty());
        assertThat(gone).isNotDone();
        DmaBuf buf = bed().buf(bed().blockSize(), 1);
        bed().good(ch, (c, u) -> ch.submitRead(buf, 0, c, u));
        assertErrno(Errno.ENODEV, () -> bed().open(bed().app(), OpenMode.READ_ONLY, BdevEventListener.NONE));
        assertErrno(Errno.EBUSY, () -> bed().world().await(bed().remove()));
        desc.close();
        bed().world().await(gone);
        assertThat(told).containsExactly(BdevEvent.REMOVED);
    }

    private static void assertErrno(int errno, Runnable call) {
        assertThatThrownBy(call::run)
                .rootCause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    @DisplayName("resets under load: every I/O ends, done or aborted, and the device works afterwards")
    default void resetsUnderLoad() {
        assumeTrue(bed().bdev().supports(IoType.RESET), () -> bed().bdev() + " does not support reset");
        BdevChannel here = bed().channel(bed().app());
        BdevChannel there = bed().channel(bed().other());
        List<DmaBuf> nearBufs = bufs(DEPTH);
        List<DmaBuf> farBufs = bufs(DEPTH);
        for (int round = 0; round < 5; round++) {
            IoEnds far = bed().begin(there, e -> load(e, there, farBufs, 400));
            IoEnds near = bed().begin(here, e -> load(e, here, nearBufs, 400));
            IoEnds resets = bed().begin(round % 2 == 0 ? here : there, e -> {
                e.submit((c, u) -> e.channel().submitReset(c, u));
                e.submit((c, u) -> e.channel().submitReset(c, u));
            });
            assertThat(bed().finish(resets)).hasSize(2).allMatch(IoStatus::isSuccess);
            for (IoEnds ends : List.of(far, near)) {
                List<IoStatus> statuses = bed().finish(ends);
                assertThat(statuses).hasSize(400);
                assertGoodOrAborted(statuses);
            }
        }
        bed().assertNothingInFlight();
        DmaBuf out = bed().buf(4L * bed().blockSize(), 0x3C);
        DmaBuf in = bed().buf(4L * bed().blockSize(), 0);
        bed().good(here, (c, u) -> here.submitWrite(out, 0, c, u));
        bed().good(there, (c, u) -> there.submitRead(in, 0, c, u));
        if (stores()) {
            assertThat(in.mismatch(out)).isEqualTo(-1);
        }
    }
}
