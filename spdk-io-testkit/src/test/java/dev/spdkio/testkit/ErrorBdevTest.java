// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorBdevModule;
import dev.spdkio.bdev.error.ErrorBdevOptions;
import dev.spdkio.bdev.error.ErrorInjection;
import dev.spdkio.bdev.error.ErrorInjection.Target;
import dev.spdkio.bdev.error.ErrorType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ErrorBdevTest extends VirtualBdevTest {
    @Override
    BdevModule module() {
        return new ErrorBdevModule();
    }

    private Bdev error() {
        return make(() -> ErrorBdev.create(bed.bdevs(), new ErrorBdevOptions("Base0")));
    }

    private IoStatus read(BdevChannel ch) {
        return bed.io(ch, (c, u) -> ch.submitRead(bed.buf(512), 0, c, u));
    }

    private IoStatus write(BdevChannel ch) {
        return bed.io(ch, (c, u) -> ch.submitWrite(bed.buf(512, 3), 0, c, u));
    }

    private IoStatus unmap(BdevChannel ch) {
        return bed.io(ch, (c, u) -> ch.submitUnmap(0, 512, c, u));
    }

    private IoStatus flush(BdevChannel ch) {
        return bed.io(ch, (c, u) -> ch.submitFlush(0, 512, c, u));
    }

    @Test
    @DisplayName("so many I/Os of a type fail, others do not, and the device below sees none of them")
    void failsByTypeAndCount() {
        Bdev bdev = error();
        BdevChannel ch = bed.channel(bed.app());
        ErrorBdev.inject(bdev, ErrorInjection.of(Target.WRITE, ErrorType.FAILURE, 2));
        assertThat(write(ch)).isEqualTo(IoStatus.FAILED);
        assertThat(read(ch)).isEqualTo(IoStatus.SUCCESS);
        assertThat(write(ch)).isEqualTo(IoStatus.FAILED);
        assertThat(contentOf(ch, 0, 1)).containsOnly(0);
        assertThat(write(ch)).isEqualTo(IoStatus.SUCCESS);
        assertThat(contentOf(ch, 0, 1)).containsOnly(3);

        ErrorBdev.inject(bdev, ErrorInjection.of(Target.ALL, ErrorType.NVME_FAILURE, 1));
        for (IoStatus status : List.of(read(ch), write(ch), unmap(ch), flush(ch))) {
            assertThat(status).isEqualTo(IoStatus.nvme(0, 2, 0x81));
        }
        for (IoStatus status : List.of(read(ch), write(ch), unmap(ch), flush(ch))) {
            assertThat(status).isEqualTo(IoStatus.SUCCESS);
        }
        ErrorBdev.inject(bdev, ErrorInjection.of(Target.ALL, ErrorType.FAILURE, 100));
        ErrorBdev.inject(bdev, ErrorInjection.clear());
        assertThat(read(ch)).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("no room: the hub tries again until there is")
    void hasNoRoom() {
        Bdev bdev = error();
        BdevChannel ch = bed.channel(bed.app());
        ErrorBdev.inject(bdev, ErrorInjection.of(Target.READ, ErrorType.NOMEM, 5));
        assertThat(read(ch)).isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("an error may need others in flight, and happen by chance")
    void dependsOnDepthAndChance() {
        Bdev bdev = error();
        BdevChannel ch = bed.channel(bed.app());
        DmaBuf buf = bed.buf(512);
        ErrorBdev.inject(
                bdev, ErrorInjection.of(Target.READ, ErrorType.FAILURE, 1000).withQueueDepth(3));
        List<IoStatus> ends = bed.finish(bed.begin(ch, e -> {
            for (int i = 0; i < 5; i++) {
                e.submit((c, u) -> ch.submitRead(buf, 0, c, u));
            }
        }));
        assertThat(ends).filteredOn(IoStatus.FAILED::equals).hasSize(2);
        ErrorBdev.inject(
                bdev, ErrorInjection.of(Target.READ, ErrorType.FAILURE, 100_000).withRate(0.3));
        IoEnds many = bed.begin(ch, e -> e.load(16, 4000, (_, _, c, u) -> ch.submitRead(buf, 0, c, u)));
        assertThat(bed.finish(many)).filteredOn(IoStatus.FAILED::equals).hasSizeBetween(1000, 1400);
    }

    @Test
    @DisplayName("a read gives, and a write stores, one byte changed; what the writer has stays as it is")
    void corrupts() {
        Bdev bdev = error();
        BdevChannel ch = bed.channel(bed.app());
        DmaBuf out = bed.buf(1024, 0x11);
        bed.good(ch, (c, u) -> ch.submitWrite(out, 0, c, u));
        ErrorInjection corrupt =
                ErrorInjection.of(Target.READ, ErrorType.CORRUPT_DATA, 1).withCorruption(600, 0x30);
        ErrorBdev.inject(bdev, corrupt);
        DmaBuf first = bed.buf(512 + 32, 0);
        DmaBuf second = bed.buf(512, 0);
        IoVec pieces = IoVec.builder().add(first, 0, 544).add(second, 0, 480).build();
        bed.good(ch, (c, u) -> ch.submitReadv(pieces, 0, c, u));
        assertThat(BdevBed.bytes(first)).containsOnly(0x11);
        assertThat(BdevBed.bytes(second)[600 - 544]).isEqualTo((byte) 0x21);
        assertThat(contentOf(ch, 0, 2)).containsOnly(0x11);

        ErrorBdev.inject(
                bdev, ErrorInjection.of(Target.WRITE, ErrorType.CORRUPT_DATA, 1).withCorruption(1, 0x80));
        bed.good(ch, (c, u) -> ch.submitWrite(out, 1024, c, u));
        assertThat(BdevBed.bytes(out)).containsOnly(0x11);
        byte[] stored = contentOf(ch, 2, 2);
        assertThat(stored[1]).isEqualTo((byte) 0x91);
        stored[1] = 0x11;
        assertThat(stored).containsOnly(0x11);
        ErrorBdev.inject(bdev, corrupt.withCorruption(512, 1));
        bed.good(ch, (c, u) -> ch.submitReadBlocks(out, 0, 1, c, u));
        assertThat(BdevBed.bytes(out)).as("a byte beyond the I/O").containsOnly(0x11);
    }

    private IoEnds pendingRead(BdevChannel ch) {
        DmaBuf buf = bed.buf(512);
        IoEnds ends = bed.begin(ch, e -> e.submit((c, u) -> ch.submitRead(buf, 0, c, u)));
        elapse(Duration.ofMillis(50));
        assertThat(ends.done()).isNotDone();
        return ends;
    }

    @Test
    @DisplayName("what does not end by itself ends by an abort, a reset, or by being resumed")
    void pends() {
        Bdev bdev = error();
        BdevChannel here = bed.channel(bed.app());
        BdevChannel there = bed.channel(bed.other());
        ErrorBdev.inject(bdev, ErrorInjection.of(Target.READ, ErrorType.PENDING, 100));
        IoEnds near = pendingRead(here);
        IoEnds far = pendingRead(there);
        bed.good(here, here::submitReset);
        assertThat(bed.finish(near)).containsExactly(IoStatus.ABORTED);
        assertThat(bed.finish(far)).containsExactly(IoStatus.ABORTED);

        Object mark = new Object();
        DmaBuf buf = bed.buf(512);
        IoEnds marked = bed.begin(
                here, e -> e.submit((c, u) -> here.submitRead(buf, 0, (status, _) -> c.completed(status, u), mark)));
        bed.good(here, (c, u) -> here.submitAbort(mark, c, u));
        assertThat(bed.finish(marked)).containsExactly(IoStatus.ABORTED);

        near = pendingRead(here);
        far = pendingRead(there);
        call("bdev_error_resume_pending", Map.of("name", "EE_Base0"));
        assertThat(bed.finish(near)).containsExactly(IoStatus.SUCCESS);
        assertThat(bed.finish(far)).containsExactly(IoStatus.SUCCESS);
        assertThat(read(here)).as("nothing more is left pending").isEqualTo(IoStatus.SUCCESS);
    }

    @Test
    @DisplayName("what does not end keeps neither device when one of them is removed")
    void removalEndsWhatPends() {
        for (boolean below : new boolean[] {false, true}) {
            Bdev bdev = error();
            List<BdevDesc> told = new ArrayList<>();
            BdevDesc desc = bed.open(bed.app(), OpenMode.READ_WRITE, (_, d) -> {
                told.add(d);
                d.close();
            });
            BdevChannel ch = world.on(bed.app(), desc::openChannel);
            ErrorBdev.inject(bdev, ErrorInjection.of(Target.READ, ErrorType.PENDING, 1));
            IoEnds ends = pendingRead(ch);
            if (below) {
                world.await(Stacked.removeFromBelow(bdev));
                assertThat(bed.bdevs().bdevs()).isEmpty();
            } else {
                call("bdev_error_delete", Map.of("name", "EE_Base0"));
                assertThat(bed.bdevs().bdevs()).extracting(Bdev::name).containsExactly("Base0");
            }
            assertThat(bed.finish(ends)).containsExactly(IoStatus.ABORTED);
            assertThat(told).containsExactly(desc);
        }
    }

    @Test
    @DisplayName("the RPC methods of SPDK, and what they refuse")
    void rpc() {
        assertThat(call("bdev_error_create", Map.of("base_name", "Base0")).asBoolean())
                .isTrue();
        bed.use(find("EE_Base0"));
        assertThat(find("EE_Base0").productName()).isEqualTo("Error Injection Disk");
        assertThat(Objects.requireNonNull(find("EE_Base0").configCall()).params())
                .isEqualTo(Map.of("base_name", "Base0"));
        BdevChannel ch = bed.channel(bed.app());
        call(
                "bdev_error_inject_error",
                Map.of("name", "EE_Base0", "io_type", "all", "error_type", "failure", "num", 2));
        assertThat(read(ch)).isEqualTo(IoStatus.FAILED);
        call("bdev_error_inject_error", Map.of("name", "EE_Base0", "io_type", "clear", "error_type", "failure"));
        assertThat(read(ch)).isEqualTo(IoStatus.SUCCESS);
        assertThat(write(ch)).isEqualTo(IoStatus.SUCCESS);
        call(
                "bdev_error_inject_error",
                Map.of(
                        "name",
                        "EE_Base0",
                        "io_type",
                        "read",
                        "error_type",
                        "nvme_failure",
                        "nvme_sct",
                        2,
                        "nvme_sc",
                        5));
        assertThat(read(ch)).isEqualTo(IoStatus.nvme(0, 2, 5));
        assertRpcRefused(
                -32602,
                "bdev_error_inject_error",
                Map.of("name", "EE_Base0", "io_type", "read", "error_type", "corrupt_data"));
        assertRpcRefused(
                -32602,
                "bdev_error_inject_error",
                Map.of("name", "EE_Base0", "io_type", "read", "error_type", "failure", "nvme_sc", 5));
        assertRpcRefused(
                -32602, "bdev_error_inject_error", Map.of("name", "Base0", "io_type", "read", "error_type", "failure"));
        assertRpcRefused(-Errno.ENODEV, "bdev_error_delete", Map.of("name", "None"));
        assertRpcRefused(-32602, "bdev_error_delete", Map.of("name", "Base0"));
        assertThatThrownBy(() -> ErrorInjection.clear().withRate(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
