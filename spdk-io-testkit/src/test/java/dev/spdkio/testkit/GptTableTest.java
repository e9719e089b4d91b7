// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.gpt.GptPartition;
import dev.spdkio.bdev.gpt.GptTable;
import dev.spdkio.error.SpdkException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Seeded
class GptTableTest {
    private static final long BLOCKS = 5000;
    private static final UUID DISK = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final UUID ID = UUID.fromString("deadbeef-0001-0203-0405-060708090a0b");
    private static final UUID LINUX = UUID.fromString("0fc63daf-8483-4772-8e79-3d69d8477de4");

    private static GptImage image(int blockSize) {
        return new GptImage(blockSize, BLOCKS, DISK)
                .partition(1, GptPartition.SPDK, ID, 100, 199, "first")
                .partition(2, LINUX, new UUID(1, 1), 200, 299, "a file system")
                .partition(128, GptPartition.SPDK_OLD, new UUID(2, 2), 300, 399, "x".repeat(36));
    }

    private static GptTable primary(byte[] head, int blockSize) throws SpdkException {
        return GptTable.primary(ByteBuffer.wrap(head), blockSize, BLOCKS);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536})
    @DisplayName("both tables are read, and which partitions are for SPDK")
    void readsBoth(int blockSize) throws SpdkException {
        byte[] head = image(blockSize).head();
        byte[] tail = image(blockSize).tail();
        assertThat(GptTable.isAnnounced(ByteBuffer.wrap(head), BLOCKS)).isTrue();
        assertThat(GptTable.regionBlocks(blockSize, BLOCKS) * blockSize).isGreaterThanOrEqualTo(head.length);
        GptTable table = primary(head, blockSize);
        assertThat(table.diskId()).isEqualTo(DISK);
        assertThat(table.partitions()).hasSize(3);
        assertThat(table.partitions().getFirst())
                .isEqualTo(new GptPartition(1, GptPartition.SPDK, ID, 100, 199, "first"));
        assertThat(table.partitions().getLast().name()).hasSize(36);
        assertThat(table.forSpdk()).extracting(GptPartition::number).containsExactly(1, 128);
        assertThat(table.forSpdk()).extracting(GptPartition::blocks).containsExactly(100L, 99L);
        assertThat(GptTable.secondary(ByteBuffer.wrap(tail), blockSize, BLOCKS)).isEqualTo(table);
    }

    @Test
    @DisplayName("a partition that is not within the usable blocks, or has none, does not become a device")
    void leavesOutBadPartitions() throws SpdkException {
        GptImage image = new GptImage(512, BLOCKS, DISK)
                .partition(1, GptPartition.SPDK, ID, 0, 50, "at the table")
                .partition(2, GptPartition.SPDK, ID, 10, 50, "over the table")
                .partition(3, GptPartition.SPDK, ID, 100, BLOCKS, "over the end")
                .partition(4, GptPartition.SPDK, ID, 100, 99, "empty")
                .partition(5, GptPartition.SPDK_OLD, ID, 100, 100, "empty without its last")
                .partition(6, GptPartition.SPDK, ID, -5, 100, "negative")
                .partition(7, GptPartition.SPDK, ID, Long.MIN_VALUE, Long.MAX_VALUE, "all")
                .partition(8, GptPartition.SPDK, ID, 100, 100, "one block");
        assertThat(primary(image.head(), 512).forSpdk())
                .extracting(GptPartition::number)
                .containsExactly(8);
    }

    /** One field of the header with another value, and the CRC right again. */
    private static void assertBroken(int at, long value, int bytes, String why) {
        byte[] head = image(512).head();
        ByteBuffer out = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes == 4) {
            out.putInt(512 + at, (int) value);
        } else {
            out.putLong(512 + at, value);
        }
        if (at != 16) {
            GptImage.repairHeader(head, 512);
        }
        assertThatThrownBy(() -> primary(head, 512))
                .as("field at %d is %d", at, value)
                .isInstanceOf(SpdkException.class)
                .hasMessageContaining(why);
    }

    @Test
    @DisplayName("every field that is wrong is found, with words")
    void findsWhatIsWrong() {
        assertBroken(0, 7, 8, "signature");
        assertBroken(12, 91, 4, "header has 91 bytes");
        assertBroken(12, 513, 4, "header has 513 bytes");
        assertBroken(12, -1, 4, "header has 4294967295 bytes");
        assertBroken(16, 1, 4, "CRC of its header");
        assertBroken(24, 2, 8, "for block 2");
        assertBroken(40, 0, 8, "usable");
        assertBroken(40, BLOCKS, 8, "usable");
        assertBroken(48, BLOCKS, 8, "usable");
        assertBroken(48, -1, 8, "usable");
        assertBroken(72, 100, 8, "near by");
        assertBroken(72, -1, 8, "near by");
        assertBroken(72, Long.MIN_VALUE, 8, "near by");
        assertBroken(80, 129, 4, "room for 129");
        assertBroken(80, -1, 4, "room for 4294967295");
        assertBroken(84, 64, 4, "entries have 64 bytes");
        assertBroken(84, 0, 4, "entries have 0 bytes");
        assertBroken(88, 1, 4, "CRC of its entries");
    }

    @Test
    @DisplayName("a device without the protective record has no table")
    void needsTheProtectiveRecord() {
        byte[] head = image(512).head();
        for (int at : new int[] {510, 446 + 4, 446 + 8, 446 + 12}) {
            byte[] other = head.clone();
            other[at] ^= 1;
            assertThat(GptTable.isAnnounced(ByteBuffer.wrap(other), BLOCKS))
                    .as("byte %d", at)
                    .isFalse();
        }
        Arrays.fill(head, 446 + 12, 446 + 16, (byte) 0xFF);
        assertThat(GptTable.isAnnounced(ByteBuffer.wrap(head), BLOCKS)).isTrue();
        assertThat(GptTable.isAnnounced(ByteBuffer.allocate(0), BLOCKS)).isFalse();
        assertThat(GptTable.regionBlocks(520, BLOCKS)).isZero();
        assertThat(GptTable.regionBlocks(512, 1)).isZero();
    }

    @Test
    @DisplayName("whatever is in the blocks, reading ends with a table or with words")
    void survivesAnything(RandomGenerator random) {
        byte[] good = image(512).head();
        for (int round = 0; round < 20_000; round++) {
            byte[] head = Arrays.copyOf(good, random.nextInt(10) == 0 ? 512 * random.nextInt(40) : good.length);
            for (int i = random.nextInt(8); i >= 0 && head.length > 604; i--) {
                head[random.nextBoolean() ? 512 + random.nextInt(92) : random.nextInt(head.length)] =
                        (byte) random.nextInt();
            }
            if (head.length >= 1024 && random.nextBoolean()) {
                GptImage.repairHeader(head, 512);
            }
            try {
                assertThat(primary(head, 512).forSpdk()).allMatch(p -> p.blocks() > 0 && p.lastBlock() < BLOCKS);
            } catch (SpdkException broken) {
                assertThat(broken).hasMessageContaining("partition table is broken");
            }
        }
    }

    @Test
    @DisplayName("what sfdisk writes is read")
    void readsWhatLinuxWrites(@TempDir Path dir) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/sbin/sfdisk")), "no /sbin/sfdisk here");
        Path disk = dir.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(8 << 20);
        }
        Process sfdisk = new ProcessBuilder("/sbin/sfdisk", "-q", disk.toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("log").toFile())
                .start();
        try (var in = sfdisk.outputWriter()) {
            in.write("label: gpt\nlabel-id: " + DISK + "\n");
            in.write("start=2048, size=4096, type=" + GptPartition.SPDK + ", uuid=" + ID + ", name=\"data\"\n");
            in.write("start=8192, size=1024, type=linux\n");
        }
        assertThat(sfdisk.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(sfdisk.exitValue()).as(Files.readString(dir.resolve("log"))).isZero();
        long blocks = (8 << 20) / 512;
        int region = (int) GptTable.regionBlocks(512, blocks) * 512;
        byte[] all = read(disk);
        ByteBuffer first = ByteBuffer.wrap(Arrays.copyOf(all, region));
        ByteBuffer last = ByteBuffer.wrap(Arrays.copyOfRange(all, all.length - region, all.length));
        assertThat(GptTable.isAnnounced(first, blocks)).isTrue();
        for (GptTable table : List.of(GptTable.primary(first, 512, blocks), GptTable.secondary(last, 512, blocks))) {
            assertThat(table.diskId()).isEqualTo(DISK);
            assertThat(table.forSpdk()).containsExactly(new GptPartition(1, GptPartition.SPDK, ID, 2048, 6143, "data"));
            assertThat(table.partitions()).hasSize(2);
        }
    }

    private static byte[] read(Path file) throws IOException {
        return Files.readAllBytes(file);
    }
}
