// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.FileHandle.Flag.CREATE;
import static dev.spdkio.sys.FileHandle.Flag.DIRECT;
import static dev.spdkio.sys.FileHandle.Flag.DSYNC;
import static dev.spdkio.sys.FileHandle.Flag.EXCLUSIVE;
import static dev.spdkio.sys.FileHandle.Flag.READ_ONLY;
import static dev.spdkio.sys.FileHandle.Flag.READ_WRITE;
import static dev.spdkio.sys.FileHandle.Flag.TRUNCATE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileHandleTest {
    private static final int BLOCK = 4096;

    @TempDir(factory = DiskTempDir.class)
    Path directory;

    @BeforeEach
    void needsNative() {
        assumeTrue(FileHandle.isAvailable(), () -> String.valueOf(Platform.unavailabilityCause()));
    }

    @Test
    void writesAndReadsPastThePageCache() throws Exception {
        try (Arena arena = Arena.ofConfined();
                FileHandle file = FileHandle.open(directory.resolve("direct"), READ_WRITE, CREATE, DIRECT)) {
            MemorySegment out = arena.allocate(BLOCK, BLOCK).fill((byte) 0x5a);
            MemorySegment in = arena.allocate(BLOCK, BLOCK);
            assertThat(file.pwrite(out, 2 * BLOCK)).isEqualTo(BLOCK);
            file.fsync();
            file.fdatasync();
            assertThat(file.pread(in, 2 * BLOCK)).isEqualTo(BLOCK);
            assertThat(in.mismatch(out)).isEqualTo(-1);
            assertThat(file.pread(in, 3 * BLOCK)).as("end of file").isZero();
            assertThat(file.direct()).isTrue();
            assertThat(file.readOnly()).isFalse();
            assertThatThrownBy(() -> file.pwrite(out.asSlice(0, 100), 0))
                    .hasMessageStartingWith("pwrite(\"" + file.path() + "\"): EINVAL");
        }
    }

    @Test
    void statTellsSizeKindAndAlignment() throws Exception {
        Path path = Files.write(directory.resolve("file"), new byte[5000]);
        try (FileHandle file = FileHandle.open(path)) {
            FileStat stat = file.stat();
            assertThat(stat.sizeBytes()).isEqualTo(5000);
            assertThat(stat.isRegular()).isTrue();
            assertThat(stat.isBlockDevice()).isFalse();
            assertThat(stat.inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
            long device = (long) Files.getAttribute(path, "unix:dev");
            assertThat(stat.device()).isEqualTo((device >> 8 & 0xfff) << 32 | device & 0xff);
            assertThat(stat.mode() & 0777).isEqualTo((int) Files.getAttribute(path, "unix:mode") & 0777);
            assertThat(stat.blockSizeBytes()).isPositive();
            assertThat(file.deviceSize()).isEqualTo(5000);
            assertThat(file.logicalBlockSize()).isGreaterThanOrEqualTo(512).isLessThanOrEqualTo(1 << 20);
            if (stat.dioOffsetAlignBytes() != 0) {
                assertThat(file.logicalBlockSize()).isEqualTo(Math.max(512, stat.dioOffsetAlignBytes()));
                assertThat(stat.dioMemoryAlignBytes()).isBetween(1, 1 << 20);
            }
            assertThat(file.readOnly()).isTrue();
        }
    }

    @Test
    void aBlockDeviceTellsItsGeometry() throws Exception {
        Path disk = firstReadableDisk();
        String name = disk.getFileName().toString();
        long sectors = Long.parseLong(
                Files.readString(Path.of("/sys/class/block", name, "size")).strip());
        int blockSize = Integer.parseInt(Files.readString(Path.of("/sys/class/block", name, "queue/logical_block_size"))
                .strip());
        try (FileHandle file = FileHandle.open(disk, READ_ONLY, DIRECT)) {
            assertThat(file.stat().isBlockDevice()).isTrue();
            assertThat(file.deviceSize()).isEqualTo(sectors * 512);
            assertThat(file.logicalBlockSize()).isEqualTo(blockSize);
        }
    }

    @Test
    void preallocatesPunchesAndTruncates() throws Exception {
        try (Arena arena = Arena.ofConfined();
                FileHandle file = FileHandle.open(directory.resolve("sparse"), READ_WRITE, CREATE, DSYNC)) {
            file.fallocate(0, 0, 64 * BLOCK);
            assertThat(file.deviceSize()).isEqualTo(64 * BLOCK);
            MemorySegment block = arena.allocate(BLOCK).fill((byte) 1);
            file.pwrite(block, 0);
            file.fallocate(FileHandle.FALLOC_PUNCH_HOLE | FileHandle.FALLOC_KEEP_SIZE, 0, BLOCK);
            file.pread(block, 0);
            assertThat(block.get(JAVA_BYTE, 0)).isZero();
            file.truncate(BLOCK);
            assertThat(file.deviceSize()).isEqualTo(BLOCK);
        }
    }

    @Test
    void openFlagsDoWhatTheySay() throws Exception {
        Path path = Files.write(directory.resolve("kept"), new byte[100]);
        assertThatThrownBy(() -> FileHandle.open(path, READ_WRITE, CREATE, EXCLUSIVE))
                .hasMessage("open(\"" + path + "\"): EEXIST (File exists)");
        try (FileHandle file = FileHandle.open(path, READ_WRITE, TRUNCATE)) {
            assertThat(file.deviceSize()).isZero();
            String inherited = Files.readString(Path.of("/proc/self/fdinfo/" + file.fd()));
            assertThat(inherited).as("O_CLOEXEC").containsPattern("flags:\\s+0?2\\d{6}");
        }
        assertThatThrownBy(() -> FileHandle.open(path, READ_ONLY, READ_WRITE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void errorsNamePathAndReason() throws Exception {
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> FileHandle.open(missing))
                .isInstanceOfSatisfying(
                        SysException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage("open(\"" + missing + "\"): ENOENT (No such file or directory)");
        Path path = Files.createFile(directory.resolve("readonly"));
        try (Arena arena = Arena.ofConfined();
                FileHandle file = FileHandle.open(path)) {
            MemorySegment byteSegment = arena.allocate(1);
            assertThatThrownBy(() -> file.pwrite(byteSegment, 0))
                    .hasMessage("pwrite(\"" + path + "\"): EBADF (Bad file descriptor)");
            assertThatThrownBy(() -> file.pread(MemorySegment.ofArray(new byte[1]), 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void afterCloseEveryCallIsRefused() throws Exception {
        Path path = Files.createFile(directory.resolve("closed"));
        FileHandle file = FileHandle.open(path);
        assertThat(file.fd()).isPositive();
        file.close();
        file.close();
        assertThatThrownBy(file::fd).isInstanceOf(IllegalStateException.class).hasMessageContaining(path.toString());
        assertThatThrownBy(file::stat).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(file::fsync).isInstanceOf(IllegalStateException.class);
        assertThat(file.toString()).contains("closed");
    }

    @Test
    void closeReleasesTheDescriptor() throws Exception {
        Path path = Files.createFile(directory.resolve("released"));
        for (int i = 0; i < 10; i++) {
            FileHandle file = FileHandle.open(path);
            file.fsync();
            Path descriptor = Path.of("/proc/self/fd/" + file.fd());
            assertThat(Files.readSymbolicLink(descriptor)).isEqualTo(path);
            file.close();
            assertThat(openDescriptorsOf(path)).isZero();
        }
    }

    /** A late call of one handle must never act on the file that took over its descriptor number. */
    @Test
    void aRacingCallNeverReachesAnotherFile() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment block = arena.allocate(BLOCK).fill((byte) 1);
            for (int round = 0; round < 200; round++) {
                FileHandle victim = FileHandle.open(first, READ_WRITE, CREATE);
                CountDownLatch started = new CountDownLatch(1);
                Thread writer = Thread.ofPlatform().start(() -> {
                    try {
                        started.countDown();
                        for (int i = 0; i < 20; i++) {
                            victim.pwrite(block, 0);
                        }
                    } catch (IllegalStateException closedMeanwhile) {
                        return;
                    } catch (SysException e) {
                        throw new AssertionError(e);
                    }
                });
                started.await();
                victim.close();
                try (FileHandle _ = FileHandle.open(second, READ_WRITE, CREATE, TRUNCATE)) {
                    writer.join();
                }
                assertThat(Files.size(second)).as("round %d", round).isZero();
            }
        }
    }

    @Test
    void layoutIsThatOfTheHeaders(@TempDir Path scratch) throws Exception {
        new CHeaders()
                .include("fcntl.h", "sys/stat.h", "sys/ioctl.h", "sys/syscall.h", "linux/fs.h")
                .value("O_RDONLY", FileHandle.O_RDONLY)
                .value("O_RDWR", FileHandle.O_RDWR)
                .value("O_CREAT", FileHandle.O_CREAT)
                .value("O_EXCL", FileHandle.O_EXCL)
                .value("O_TRUNC", FileHandle.O_TRUNC)
                .value("O_DSYNC", FileHandle.O_DSYNC)
                .value("O_DIRECT", FileHandle.O_DIRECT)
                .value("O_CLOEXEC", FileHandle.O_CLOEXEC)
                .value("AT_EMPTY_PATH", FileHandle.AT_EMPTY_PATH)
                .value("FALLOC_FL_KEEP_SIZE", FileHandle.FALLOC_KEEP_SIZE)
                .value("FALLOC_FL_PUNCH_HOLE", FileHandle.FALLOC_PUNCH_HOLE)
                .value("FALLOC_FL_ZERO_RANGE", FileHandle.FALLOC_ZERO_RANGE)
                .value("S_IFMT", FileStat.S_IFMT)
                .value("S_IFREG", FileStat.S_IFREG)
                .value("S_IFBLK", FileStat.S_IFBLK)
                .value("BLKGETSIZE64", FileHandle.BLKGETSIZE64)
                .value("BLKSSZGET", FileHandle.BLKSSZGET)
                .value("SYS_statx", Libc.SYS_STATX)
                .size("struct statx", FileHandle.STATX_BYTES)
                .value("STATX_BASIC_STATS", FileHandle.STATX_BASIC_STATS)
                .macroIfDefined("STATX_DIOALIGN", FileHandle.STATX_DIOALIGN)
                .offset("struct statx, stx_mask", FileHandle.STATX_MASK)
                .offset("struct statx, stx_blksize", FileHandle.STATX_BLKSIZE)
                .offset("struct statx, stx_mode", FileHandle.STATX_MODE)
                .offset("struct statx, stx_ino", FileHandle.STATX_INO)
                .offset("struct statx, stx_size", FileHandle.STATX_SIZE)
                .offset("struct statx, stx_dev_major", FileHandle.STATX_DEV_MAJOR)
                .offset("struct statx, stx_dev_minor", FileHandle.STATX_DEV_MINOR)
                .offsetIfDefined("STATX_DIOALIGN", "struct statx, stx_dio_mem_align", FileHandle.STATX_DIO_MEM_ALIGN)
                .offsetIfDefined(
                        "STATX_DIOALIGN", "struct statx, stx_dio_offset_align", FileHandle.STATX_DIO_OFFSET_ALIGN)
                .verify(scratch);
    }

    private static long openDescriptorsOf(Path path) throws Exception {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(fd -> pointsTo(fd, path)).count();
        }
    }

    private static boolean pointsTo(Path descriptor, Path path) {
        try {
            return Files.readSymbolicLink(descriptor).equals(path);
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    private static Path firstReadableDisk() {
        String[] names = Path.of("/sys/block").toFile().list();
        Path disk = Arrays.stream(names == null ? new String[0] : names)
                .map(name -> Path.of("/dev", name))
                .filter(Files::isReadable)
                .sorted()
                .reduce((_, last) -> last)
                .orElse(null);
        assumeTrue(disk != null, "needs permission to read a block device");
        return disk;
    }
}
