// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The cases of SPDK's {@code bdevio}, with its sizes and patterns; part of {@link BdevContract}. */
interface BdevioContract {
    /** The first pattern. */
    int PATTERN = 0xA3;

    /** The pattern that is written over it. */
    int SECOND_PATTERN = 0xBB;

    /** NVMe opcode. */
    int NVME_WRITE = 1;

    /** NVMe opcode. */
    int NVME_READ = 2;

    /** NVMe opcode that no device knows. */
    int NVME_VENDOR_SPECIFIC = 0x7F;

    /** NVMe opcode. */
    int NVME_IDENTIFY = 6;

    /** What to identify. */
    int NVME_IDENTIFY_CONTROLLER = 1;

    /** A KiB. */
    int KIB = 1024;

    /** A MiB. */
    int MIB = 1024 * KIB;

    /** The device of this test. */
    BdevBed bed();

    /** Whether the device has what was written to it. */
    boolean stores();

    // ---- what the cases do -----------------------------------------------------------------------------------------

    private int blocks(int count) {
        return count * bed().blockSize();
    }

    /** So many bytes, and what is missing to a whole block. */
    private int roundUp(int bytes) {
        return (bytes + bed().blockSize() - 1) / bed().blockSize() * bed().blockSize();
    }

    private void needsStorage() {
        assumeTrue(stores(), () -> bed().bdev() + " stores nothing that could be read back");
    }

    private void needs(IoType type) {
        assumeTrue(bed().bdev().supports(type), () -> bed().bdev() + " does not support " + type.jsonName());
    }

    private void writeRead(long offset, int length, int pattern) {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf out = bed().buf(length, pattern);
        DmaBuf in = bed().buf(length, 0);
        bed().good(ch, (c, u) -> ch.submitWrite(out, offset, c, u));
        bed().good(ch, (c, u) -> ch.submitRead(in, offset, c, u));
        assertThat(in.mismatch(out)).as("first byte that differs").isEqualTo(-1);
    }

    /** The range holds the pattern before, so that the zeroes can be seen. */
    private void writeZeroesRead(long offset, int length) {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf zeroes = bed().buf(length, 0);
        DmaBuf in = bed().buf(length, PATTERN);
        DmaBuf beside = bed().buf(blocks(1), PATTERN);
        bed().good(ch, (c, u) -> ch.submitWrite(in, offset, c, u));
        bed().good(ch, (c, u) -> ch.submitWrite(beside, offset + length, c, u));
        bed().good(ch, (c, u) -> ch.submitWriteZeroes(offset, length, c, u));
        bed().good(ch, (c, u) -> ch.submitRead(in, offset, c, u));
        assertThat(in.mismatch(zeroes)).as("first byte that is not zero").isEqualTo(-1);
        DmaBuf after = bed().buf(blocks(1), 0);
        bed().good(ch, (c, u) -> ch.submitRead(after, offset + length, c, u));
        assertThat(after.mismatch(beside)).as("the block after the zeroes").isEqualTo(-1);
    }

    private IoVec vec(int length, int each, int pattern) {
        IoVec.Builder builder = IoVec.builder();
        for (int left = length; left > 0; left -= each) {
            builder.add(bed().buf(Math.min(each, left), pattern));
        }
        return builder.build();
    }

    private void writevReadv(long offset, int length, int each) {
        BdevChannel ch = bed().channel(bed().app());
        IoVec out = vec(length, each, PATTERN);
        IoVec in = vec(length, each, 0);
        bed().good(ch, (c, u) -> ch.submitWritev(out, offset, c, u));
        bed().good(ch, (c, u) -> ch.submitReadv(in, offset, c, u));
        for (int i = 0; i < in.count(); i++) {
            assertThat(in.buf(i).mismatch(out.buf(i))).as("part %s", i).isEqualTo(-1);
        }
    }

    /** A range that is no range of the device is refused in every style, and nothing ends. */
    private void refuses(long offset, int length) {
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(length, PATTERN);
        bed().begin(ch, ends -> {
            refuses(() -> ends.submit((c, u) -> ch.submitWrite(buf, offset, c, u)));
            refuses(() -> ends.submit((c, u) -> ch.submitRead(buf, offset, c, u)));
            refuses(() -> ends.submit((c, u) -> ch.submitWritev(IoVec.of(buf), offset, c, u)));
            refuses(() -> ends.submit((c, u) -> ch.submitReadv(IoVec.of(buf), offset, c, u)));
            refuses(() -> ends.submit((c, u) -> ch.submitWriteZeroes(offset, length, c, u)));
        });
        refuses(() -> bed().world().await(ch.writeAsync(buf, offset)));
        refuses(() -> bed().world().await(ch.readAsync(buf, offset)));
        refuses(() -> bed().world().await(ch.writeZeroesAsync(offset, length)));
        assertThat(bed().world().on(bed().app(), ch::inFlight)).isZero();
        assertThat(buf.pins()).isZero();
    }

    private void refuses(Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(bed().bdev().name());
    }

    // ---- the cases -------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("bdevio 1: blockdev write read block")
    default void writeReadBlock() {
        needsStorage();
        writeRead(0, blocks(1), PATTERN);
    }

    @Test
    @DisplayName("bdevio 2: blockdev write zeroes read block")
    default void writeZeroesReadBlock() {
        needsStorage();
        needs(IoType.WRITE_ZEROES);
        writeZeroesRead(0, blocks(1));
    }

    @Test
    @DisplayName("bdevio 3: blockdev write zeroes read no split: 1 MiB")
    default void writeZeroesReadNoSplit() {
        needsStorage();
        needs(IoType.WRITE_ZEROES);
        writeZeroesRead(0, MIB);
    }

    @Test
    @DisplayName("bdevio 4: blockdev write zeroes read split: 3 MiB")
    default void writeZeroesReadSplit() {
        needsStorage();
        needs(IoType.WRITE_ZEROES);
        writeZeroesRead(0, 3 * MIB);
    }

    @Test
    @DisplayName("bdevio 5: blockdev write zeroes read split partial: 3.5 MiB")
    default void writeZeroesReadSplitPartial() {
        needsStorage();
        needs(IoType.WRITE_ZEROES);
        writeZeroesRead(0, 7 * MIB / 2);
    }

    @Test
    @DisplayName("bdevio 6: blockdev reset: succeeds if and only if it is supported")
    default void reset() {
        BdevChannel ch = bed().channel(bed().app());
        if (bed().bdev().supports(IoType.RESET)) {
            bed().good(ch, ch::submitReset);
        } else {
            bed().begin(
                            ch,
                            ends -> assertThatThrownBy(() -> ends.submit(ch::submitReset))
                                    .isInstanceOf(UnsupportedOperationException.class));
        }
    }

    @Test
    @DisplayName("bdevio 7: blockdev write read 8 blocks")
    default void writeRead8Blocks() {
        needsStorage();
        writeRead(blocks(8), blocks(8), PATTERN);
    }

    @Test
    @DisplayName("bdevio 8: blockdev write read size > 128k")
    default void writeReadMoreThan128k() {
        needsStorage();
        writeRead(blocks(2), roundUp(128 * KIB) + blocks(1), PATTERN);
    }

    @Test
    @DisplayName("bdevio 9: blockdev write read invalid size")
    default void writeReadInvalidSize() {
        refuses(8192, bed().blockSize() - 1);
        refuses(8192, bed().blockSize() + 1);
    }

    @Test
    @DisplayName("bdevio 10: blockdev write read offset + nbytes == size of blockdev")
    default void offsetPlusLengthEqualsSize() {
        needsStorage();
        writeRead(bed().bdev().sizeBytes() - blocks(1), blocks(1), PATTERN);
    }

    @Test
    @DisplayName("bdevio 11: blockdev write read offset + nbytes > size of blockdev")
    default void offsetPlusLengthBeyondSize() {
        refuses(bed().bdev().sizeBytes() - blocks(1), blocks(2));
        refuses(bed().bdev().sizeBytes(), blocks(1));
    }

    @Test
    @DisplayName("bdevio 12: blockdev write read max offset: the greatest aligned offset does not wrap around")
    default void maxOffset() {
        long block = bed().blockSize();
        refuses(-block, blocks(1));
        refuses(Long.MAX_VALUE / block * block, blocks(2));
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf buf = bed().buf(blocks(2), PATTERN);
        bed().begin(ch, ends -> {
            for (long first : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MIN_VALUE, -1, -2}) {
                refuses(() -> ends.submit((c, u) -> ch.submitWriteBlocks(buf, first, 2, c, u)));
                refuses(() -> ends.submit((c, u) -> ch.submitReadBlocks(buf, first, 2, c, u)));
                refuses(() -> ends.submit((c, u) -> ch.submitReadBlocks(buf, 0, first, c, u)));
            }
        });
    }

    @Test
    @DisplayName("bdevio 13: blockdev write read 2 blocks on overlapped address offset")
    default void overlapped2Blocks() {
        needsStorage();
        writeRead(0, blocks(2), PATTERN);
        writeRead(blocks(1), blocks(2), SECOND_PATTERN);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf first = bed().buf(blocks(1), 0);
        bed().good(ch, (c, u) -> ch.submitRead(first, 0, c, u));
        assertThat(first.mismatch(bed().buf(blocks(1), PATTERN)))
                .as("the block that was not written again")
                .isEqualTo(-1);
    }

    @Test
    @DisplayName("bdevio 14: blockdev writev readv 8 blocks")
    default void writevReadv8Blocks() {
        needsStorage();
        writevReadv(blocks(8), blocks(8), blocks(1));
    }

    @Test
    @DisplayName("bdevio 15: blockdev writev readv 30 x 1block")
    default void writevReadv30x1Block() {
        needsStorage();
        writevReadv(blocks(30), blocks(30), blocks(1));
    }

    @Test
    @DisplayName("bdevio 16: blockdev writev readv block")
    default void writevReadvBlock() {
        needsStorage();
        writevReadv(blocks(1), blocks(1), blocks(1));
    }

    @Test
    @DisplayName("bdevio 17: blockdev writev readv size > 128k")
    default void writevReadvMoreThan128k() {
        needsStorage();
        int length = roundUp(128 * KIB) + blocks(1);
        writevReadv(blocks(2), length, length);
    }

    @Test
    @DisplayName("bdevio 18: blockdev writev readv size > 128k in two iovs")
    default void writevReadvMoreThan128kInTwo() {
        needsStorage();
        writevReadv(blocks(2), roundUp(128 * KIB) + blocks(1), roundUp(128 * KIB));
    }

    @Test
    @DisplayName("bdevio 19: blockdev comparev and writev")
    default void comparevAndWritev() {
        needsStorage();
        needs(IoType.COMPARE_AND_WRITE);
        int length = blocks(bed().bdev().acwu());
        BdevChannel ch = bed().channel(bed().app());
        IoVec first = vec(length, length, PATTERN);
        IoVec second = vec(length, length, SECOND_PATTERN);
        DmaBuf in = bed().buf(length, 0);
        bed().good(ch, (c, u) -> ch.submitWritev(first, 0, c, u));
        bed().good(ch, (c, u) -> ch.submitComparevAndWritevBlocks(first, second, 0, c, u));
        bed().good(ch, (c, u) -> ch.submitRead(in, 0, c, u));
        assertThat(in.mismatch(second.buf(0))).as("what was written").isEqualTo(-1);
        IoStatus again = bed().io(ch, (c, u) -> ch.submitComparevAndWritevBlocks(first, first, 0, c, u));
        assertThat(again.isMiscompare()).as("%s", again).isTrue();
        bed().good(ch, (c, u) -> ch.submitRead(in, 0, c, u));
        assertThat(in.mismatch(second.buf(0))).as("what was not written").isEqualTo(-1);
    }

    @Test
    @DisplayName("bdevio 20: blockdev nvme passthru rw")
    default void nvmePassthruRw() {
        needsStorage();
        needs(IoType.NVME_IO);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf out = bed().buf(blocks(1), 0xA5);
        DmaBuf in = bed().buf(blocks(1), 0);
        NvmeCommand atBlock4 = NvmeCommand.of(NVME_WRITE).withNsid(1).withCdw(10, 4);
        bed().good(ch, (c, u) -> ch.submitNvmeIo(atBlock4, out, (s, _, d) -> c.completed(s, d), u));
        NvmeCommand back = NvmeCommand.of(NVME_READ).withNsid(1).withCdw(10, 4);
        bed().good(ch, (c, u) -> ch.submitNvmeIo(back, in, (s, _, d) -> c.completed(s, d), u));
        assertThat(in.mismatch(out)).as("first byte that differs").isEqualTo(-1);
    }

    @Test
    @DisplayName("bdevio 21: blockdev nvme passthru vendor specific")
    default void nvmePassthruVendorSpecific() {
        needs(IoType.NVME_IO);
        BdevChannel ch = bed().channel(bed().app());
        NvmeCommand vendor = NvmeCommand.of(NVME_VENDOR_SPECIFIC).withNsid(1);
        IoStatus status = bed().io(ch, (c, u) -> ch.submitNvmeIo(vendor, null, (s, _, d) -> c.completed(s, d), u));
        assertThat(status.kind()).isEqualTo(IoStatus.Kind.NVME_ERROR);
        assertThat(status.nvmeStatusCodeType()).as("generic").isZero();
        assertThat(status.nvmeStatusCode()).as("invalid opcode").isEqualTo(1);
        assertThat(status.nvmeCdw0()).isZero();
    }

    @Test
    @DisplayName("bdevio 22: blockdev nvme admin passthru")
    default void nvmeAdminPassthru() {
        needs(IoType.NVME_ADMIN);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf controller = bed().buf(4096, 0);
        NvmeCommand identify = NvmeCommand.of(NVME_IDENTIFY).withCdw(10, NVME_IDENTIFY_CONTROLLER);
        bed().good(ch, (c, u) -> ch.submitNvmeAdmin(identify, controller, (s, _, d) -> c.completed(s, d), u));
        assertThat(BdevBed.bytes(controller)).as("the controller").isNotEqualTo(new byte[4096]);
    }

    @Test
    @DisplayName("bdevio 23: blockdev copy")
    default void copy() {
        needsStorage();
        needs(IoType.COPY);
        BdevChannel ch = bed().channel(bed().app());
        DmaBuf out = bed().buf(blocks(1), 0xAA);
        DmaBuf in = bed().buf(blocks(1), 0);
        bed().good(ch, (c, u) -> ch.submitWriteBlocks(out, 0, 1, c, u));
        bed().good(ch, (c, u) -> ch.submitCopyBlocks(1, 0, 1, c, u));
        bed().good(ch, (c, u) -> ch.submitReadBlocks(in, 1, 1, c, u));
        assertThat(in.mismatch(out)).as("first byte that differs").isEqualTo(-1);
    }
}
