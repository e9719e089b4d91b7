// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import static dev.spdkio.bdev.file.FileWorld.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for each device on a file. A subclass names the device. */
@Timeout(120)
public abstract class FileBdevContract {
    protected static final int MIB = 1 << 20;

    @TempDir(factory = DiskTempDir.class)
    protected Path dir;

    /** How a test wants its device; 0 and false are the defaults. */
    public record Wish(String name, Path file, int blockSize, boolean readonly) {}

    protected abstract Bdev create(BdevManager bdevs, Wish wish) throws SpdkException;

    protected abstract void rescan(BdevManager bdevs, String name) throws SpdkException;

    protected Path file(String name, int bytes) throws IOException {
        return Files.write(dir.resolve(name), bytes(bytes, name.hashCode()));
    }

    private Bdev device(FileWorld world, Path file, int blockSize) throws SpdkException {
        return create(world.bdevs, new Wish(file.getFileName().toString(), file, blockSize, false));
    }

    // ---- reading and writing ---------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void describesItself(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("odd", 3 * 4096 + 100);
            Bdev bdev = device(world, file, 4096);
            assertThat(bdev.blockSize()).isEqualTo(4096);
            assertThat(bdev.blockCount()).as("what is no whole block is left").isEqualTo(3);
            assertThat(bdev.writeCache()).isTrue();
            assertThat(bdev.supportedTypes())
                    .contains(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.WRITE_ZEROES);
            assertThat(bdev.configCall().params()).containsEntry("filename", file.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void writesAndReadsManyShapes(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("shapes", 4 * MIB);
            Bdev bdev = device(world, file, 512);
            BdevChannel channel = world.channel(world.app, bdev);
            int[][] shapes = {
                {512},
                {512, 512},
                {4096, 512, 1024},
                {1 << 20},
                {1000, 24},
                {3, 509, 511, 1},
                lengths(64, 512),
                lengths(65, 512),
                lengths(300, 4096),
            };
            long offset = 512;
            for (int[] shape : shapes) {
                int total = Arrays.stream(shape).sum();
                byte[] data = bytes(total, total);
                IoVec out = vec(world, shape, 0);
                out.copyFrom(0, data);
                long at = offset;
                world.io(world.app, () -> channel.writevAsync(out, at));
                assertThat(read(file, at, total))
                        .as("shape %s", Arrays.toString(shape))
                        .isEqualTo(data);
                IoVec in = vec(world, shape, 0);
                world.io(world.app, () -> channel.readvAsync(in, at));
                assertThat(bytes(in)).as("shape %s", Arrays.toString(shape)).isEqualTo(data);
                offset += 512;
            }
        }
    }

    @Test
    void hasTheSizeThatItsFileHasNow() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("size", MIB);
            Bdev bdev = device(world, file, 4096);
            resize(file, 2 * MIB + 100);
            assertThat(bdev.sizeBytes()).as("until somebody looks").isEqualTo(MIB);
            rescan(world.bdevs, "size");
            assertThat(bdev.sizeBytes()).isEqualTo(2 * MIB);
            BdevChannel channel = world.channel(world.app, bdev);
            DmaBuf data = world.pattern(4096, 5);
            world.io(world.app, () -> channel.writeAsync(data, 2 * MIB - 4096));
            assertThat(read(file, 2 * MIB - 4096, 4096)).isEqualTo(bytes(data));

            resize(file, MIB);
            assertThatThrownBy(() -> rescan(world.bdevs, "size")).hasMessageContaining("cannot shrink");
            channel.close();
            assertThatThrownBy(() -> rescan(world.bdevs, "nobody")).hasMessageContaining("nobody");
        }
    }

    @Test
    void goesWithAllOfItsFile() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("gone", MIB);
            Bdev bdev = device(world, file, 4096);
            resize(file, MIB / 2);
            rescan(world.bdevs, "gone");
            assertThat(bdev.sizeBytes()).isEqualTo(MIB / 2);
            resize(file, 100);
            rescan(world.bdevs, "gone");
            world.await(bdev.gone());
            assertThat(world.bdevs.lookup("gone")).isNull();
        }
    }

    private static void resize(Path file, long bytes) throws IOException {
        try (java.io.RandomAccessFile raw = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(bytes);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bouncesMemoryThatIsNotAligned(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("odd-memory", MIB);
            BdevChannel channel = world.channel(world.app, device(world, file, 512));
            byte[] data = bytes(8192, 1);
            DmaBuf odd = world.pool.allocate(8192 + 7).slice(7, 8192);
            odd.copyFrom(data);
            world.io(world.app, () -> channel.writeAsync(odd, 1024));
            assertThat(read(file, 1024, 8192)).isEqualTo(data);
            odd.fill((byte) 0);
            world.io(world.app, () -> channel.readAsync(odd, 1024));
            assertThat(bytes(odd)).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsToAModel(FileWorld.Kind kind) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (FileWorld world = new FileWorld(kind)) {
            int blocks = 1024;
            Path file = file("model", blocks * 512);
            byte[] model = Files.readAllBytes(file);
            Bdev bdev = device(world, file, 512);
            BdevChannel channel = world.channel(world.app, bdev);
            for (int batch = 0; batch < 60; batch++) {
                int at = 0;
                List<DmaBuf> reads = new ArrayList<>();
                List<byte[]> expected = new ArrayList<>();
                List<Runnable> begin = new ArrayList<>();
                List<CompletableFuture<Void>> ends = new ArrayList<>();
                while (true) {
                    int offset = at + 512 * random.nextInt(24);
                    int length = 512 * (1 + random.nextInt(40));
                    at = offset + length;
                    if (at > model.length) {
                        break;
                    }
                    switch (random.nextInt(6)) {
                        case 0, 1 -> {
                            DmaBuf buf = world.pattern(length, random.nextInt());
                            buf.copyTo(0, model, offset, length);
                            begin.add(() -> ends.add(channel.writeAsync(buf, offset)));
                        }
                        case 2 -> {
                            Arrays.fill(model, offset, at, (byte) 0);
                            begin.add(() -> ends.add(channel.writeZeroesAsync(offset, length)));
                        }
                        case 3 -> {
                            if (bdev.supports(IoType.UNMAP)) {
                                Arrays.fill(model, offset, at, (byte) 0);
                                begin.add(() -> ends.add(channel.unmapAsync(offset, length)));
                            }
                        }
                        case 4 -> begin.add(() -> ends.add(channel.flushAsync(0, 512)));
                        default -> {
                            DmaBuf buf = world.pool.allocate(length);
                            reads.add(buf);
                            expected.add(Arrays.copyOfRange(model, offset, at));
                            begin.add(() -> ends.add(channel.readAsync(buf, offset)));
                        }
                    }
                }
                world.io(world.app, () -> {
                    begin.forEach(Runnable::run);
                    return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
                });
                for (int i = 0; i < reads.size(); i++) {
                    assertThat(bytes(reads.get(i)))
                            .as("seed %s, batch %s", seed, batch)
                            .isEqualTo(expected.get(i));
                }
            }
            assertThat(Files.readAllBytes(file)).as("seed %s", seed).isEqualTo(model);
        }
    }

    @ParameterizedTest
    @EnumSource
    void flushedDataIsSeenByOthers(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("flushed", MIB);
            BdevChannel channel = world.channel(world.app, device(world, file, 4096));
            for (int i = 0; i < 20; i++) {
                DmaBuf buf = world.pattern(4096, i);
                long at = i * 8192L;
                world.io(world.app, () -> channel.writeAsync(buf, at));
                world.io(world.app, () -> channel.flushAsync(at, 4096));
                assertThat(read(file, at, 4096)).isEqualTo(bytes(4096, i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void zeroesAreZeroes(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("zeroes", 2 * MIB);
            byte[] model = Files.readAllBytes(file);
            BdevChannel channel = world.channel(world.app, device(world, file, 512));
            world.io(world.app, () -> channel.writeZeroesAsync(1536, MIB + 512));
            Arrays.fill(model, 1536, 1536 + MIB + 512, (byte) 0);
            assertThat(Files.readAllBytes(file)).isEqualTo(model);
        }
    }

    // ---- failures --------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void aFileThatWasCutFailsWithEio(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("cut", MIB);
            BdevChannel channel = world.channel(world.app, device(world, file, 512));
            try (FileChannel cutter = FileChannel.open(file, StandardOpenOption.WRITE)) {
                cutter.truncate(8192 + 100);
            }
            DmaBuf buf = world.pool.allocate(16384);
            world.io(world.app, () -> channel.readAsync(buf.slice(0, 8192), 0));
            assertFails(world, () -> channel.readAsync(buf, 0), Errno.EIO);
            assertFails(world, () -> channel.readAsync(buf, 65536), Errno.EIO);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReadonlyDeviceReadsOnly(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("ro", MIB);
            Bdev bdev = create(world.bdevs, new Wish("ro", file, 4096, true));
            assertThat(bdev.supportedTypes())
                    .filteredOn(type -> !bdev.emulates(type))
                    .containsExactlyInAnyOrder(IoType.READ, IoType.FLUSH, IoType.RESET);
            assertThat(bdev.supportedTypes()).doesNotContain(IoType.WRITE, IoType.COPY, IoType.COMPARE_AND_WRITE);
            assertThat(bdev.writeCache()).isFalse();
            BdevChannel channel = world.channel(world.app, bdev);
            DmaBuf buf = world.pool.allocate(4096);
            world.io(world.app, () -> channel.readAsync(buf, 4096));
            assertThat(bytes(buf)).isEqualTo(read(file, 4096, 4096));
            assertThatThrownBy(() -> world.io(world.app, () -> channel.writeAsync(buf, 0)))
                    .hasStackTraceContaining("write");
        }
    }

    private static void assertFails(
            FileWorld world, java.util.concurrent.Callable<CompletableFuture<?>> begin, int errno) {
        assertThatThrownBy(() -> world.io(world.app, begin))
                .rootCause()
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
    }

    // ---- opening ---------------------------------------------------------------------------------------------------

    @Test
    void saysWhyItCannotOpen() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("f", 8192);
            Path missing = dir.resolve("missing");
            refuses(world, missing, 512, Errno.ENOENT, "there is no such file: create it first");
            refuses(world, dir, 512, Errno.EISDIR, "that is a directory: name a regular file or a block device");
            refuses(world, Path.of("/dev/null"), 512, Errno.EINVAL, "neither a regular file nor a block device");
            refuses(world, file, 256, Errno.EINVAL, "a block size of 256 is too small: use at least 512");
            refuses(world, file, 3000, Errno.EINVAL, "3000 is not a power of two: use 2048 or 4096");
            refuses(world, file, 16384, Errno.EINVAL, "it holds 8192 bytes, less than one block of 16384: enlarge it");
            refuses(world, file("empty", 0), 512, Errno.EINVAL, "it holds 0 bytes");
            assertThatThrownBy(() -> create(world.bdevs, new Wish("f", file, -1, false)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1 is negative");
            assertThatThrownBy(() -> create(world.bdevs, new Wish("f", Path.of(""), 512, false)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needs a name and a filename");
            create(world.bdevs, new Wish("f", file, 512, false));
            refuses(world, file, 512, Errno.EEXIST, "f");
        }
    }

    private void refuses(FileWorld world, Path file, int blockSize, int errno, String message) {
        assertThatThrownBy(() -> create(world.bdevs, new Wish("f", file, blockSize, false)))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContaining(message)
                .hasMessageContaining("bdev f");
    }

    // ---- block devices ---------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void aBlockDeviceIsADevice(FileWorld.Kind kind) throws Exception {
        Path backing = file("backing", 2 * MIB);
        try (LoopDevice loop = LoopDevice.attach(backing, 4096);
                FileWorld world = new FileWorld(kind)) {
            refuses(world, loop.path(), 512, Errno.EINVAL, "a block size of 512 is smaller than 4096, its sector size");
            Bdev bdev = create(world.bdevs, new Wish("loop", loop.path(), 0, false));
            assertThat(bdev.blockSize()).isEqualTo(4096);
            assertThat(bdev.blockCount()).isEqualTo(512);
            BdevChannel channel = world.channel(world.app, bdev);
            DmaBuf buf = world.pattern(65536, 3);
            world.io(world.app, () -> channel.writeAsync(buf, 4096));
            world.io(world.app, () -> channel.writeZeroesAsync(8192, 4096));
            if (bdev.supports(IoType.UNMAP)) {
                world.io(world.app, () -> channel.unmapAsync(16384, 8192));
            }
            world.io(world.app, () -> channel.flushAsync(0, bdev.sizeBytes()));
            byte[] expected = bytes(65536, 3);
            Arrays.fill(expected, 4096, 8192, (byte) 0);
            if (bdev.supports(IoType.UNMAP)) {
                Arrays.fill(expected, 12288, 20480, (byte) 0);
            }
            assertThat(read(backing, 4096, 65536))
                    .as("flushed through to the file below")
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeWrittenBackFailsTheWriteOrTheFlush(FileWorld.Kind kind) throws Exception {
        try (SmallFileSystem full = SmallFileSystem.mount(dir.resolve("full"));
                LoopDevice loop = LoopDevice.attach(full.sparse("backing", 8L * MIB), 512);
                FileWorld world = new FileWorld(kind)) {
            BdevChannel channel =
                    world.channel(world.app, create(world.bdevs, new Wish("loop", loop.path(), 512, false)));
            DmaBuf buf = world.pattern(4 * MIB, 3);
            // Through the page cache the write is good, and only the flush can tell.
            assertThatThrownBy(() -> {
                        world.io(world.app, () -> channel.writeAsync(buf, 0));
                        world.io(world.app, () -> channel.flushAsync(0, 4L * MIB));
                    })
                    .rootCause()
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isIn(Errno.EIO, Errno.ENOSPC));
        }
    }

    // ---- many, and their end ---------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void manyDevicesShareAThread(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            int count = 12;
            List<Path> files = new ArrayList<>();
            List<BdevChannel> channels = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                files.add(file("d" + i, MIB / 4));
                channels.add(world.channel(world.app, device(world, files.get(i), 4096)));
            }
            List<DmaBuf> bufs = new ArrayList<>();
            List<CompletableFuture<Void>> ends = new ArrayList<>();
            world.io(world.app, () -> {
                for (int round = 0; round < 8; round++) {
                    for (int i = 0; i < count; i++) {
                        DmaBuf buf = world.pool.allocate(4096);
                        bufs.add(buf);
                        ends.add(channels.get(i).readAsync(buf, round * 8192L));
                    }
                }
                return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
            });
            for (int n = 0; n < bufs.size(); n++) {
                assertThat(bytes(bufs.get(n))).isEqualTo(read(files.get(n % count), n / count * 8192L, 4096));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoThreadsShareADevice(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("two", 2 * MIB);
            Bdev bdev = device(world, file, 4096);
            List<CompletableFuture<Load>> loads = new ArrayList<>();
            for (SpdkThread thread : List.of(world.app, world.other)) {
                BdevChannel channel = world.channel(thread, bdev);
                loads.add(Load.start(world, channel, 32, 2000, 4096));
            }
            for (CompletableFuture<Load> load : loads) {
                assertThat(world.await(load).failures).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingWaitsForWhatIsInFlight(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Bdev bdev = device(world, file("closing", 4 * MIB), 4096);
            BdevDesc desc = world.open(world.app, bdev, OpenMode.READ_WRITE);
            AtomicInteger good = new AtomicInteger();
            world.on(world.app, () -> {
                BdevChannel channel = desc.openChannel();
                for (int i = 0; i < 800; i++) {
                    DmaBuf buf = world.pool.allocate(4096);
                    channel.submitRead(
                            buf,
                            i * 4096L,
                            (status, _) -> {
                                good.addAndGet(status.isSuccess() ? 1 : 0);
                                buf.close();
                            },
                            null);
                }
                desc.close();
                return true;
            });
            world.await(desc.closed());
            world.await(world.bdevs.unregister(bdev));
            assertThat(world.on(world.app, good::get)).isEqualTo(800);
            assertThat(world.bdevs.lookup("closing")).isNull();
            assertThat(world.pool.stats().usedBytes()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aThreadMovesWithIoInFlight(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Bdev bdev = device(world, file("moving", 4 * MIB), 4096);
            BdevChannel channel = world.channel(world.app, bdev);
            CompletableFuture<Load> load = Load.start(world, channel, 64, 20_000, 4096);
            for (int i = 0; i < 20; i++) {
                world.app.moveTo(world.runtime
                        .reactors()
                        .get(i % world.runtime.reactors().size()));
                world.on(world.app, () -> true);
            }
            assertThat(world.await(load).failures).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void resetEndsWhatIsInFlight(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("reset", 4 * MIB);
            Bdev bdev = device(world, file, 4096);
            BdevChannel channel = world.channel(world.app, bdev);
            BdevChannel far = world.channel(world.other, bdev);
            for (int round = 0; round < 5; round++) {
                AtomicInteger ended = new AtomicInteger();
                List<IoStatus> odd = java.util.Collections.synchronizedList(new ArrayList<>());
                for (BdevChannel ch : List.of(far, channel)) {
                    world.on(ch.thread(), () -> {
                        for (int i = 0; i < 900; i++) {
                            DmaBuf buf = world.pool.allocate(4096);
                            ch.submitRead(
                                    buf,
                                    i * 4096L,
                                    (status, _) -> {
                                        ended.incrementAndGet();
                                        if (!status.isSuccess() && status != IoStatus.ABORTED) {
                                            odd.add(status);
                                        }
                                        buf.close();
                                    },
                                    null);
                        }
                        return true;
                    });
                }
                world.io(world.app, channel::resetAsync);
                DmaBuf buf = world.pool.allocate(4096);
                for (BdevChannel ch : List.of(far, channel)) {
                    world.io(ch.thread(), () -> ch.readAsync(buf, 8192));
                }
                assertThat(bytes(buf)).isEqualTo(read(file, 8192, 4096));
                assertThat(odd).isEmpty();
                assertThat(ended).hasValue(1800);
            }
        }
    }

    // ---- helpers ---------------------------------------------------------------------------------------------------

    private static int[] lengths(int count, int each) {
        int[] lengths = new int[count];
        Arrays.fill(lengths, each);
        return lengths;
    }

    private static IoVec vec(FileWorld world, int[] lengths, int shift) {
        IoVec.Builder builder = IoVec.builder();
        for (int length : lengths) {
            builder.add(world.pool.allocate(length + shift), shift, length);
        }
        return builder.build();
    }

    private static byte[] bytes(IoVec vec) {
        ByteBuffer all = ByteBuffer.allocate((int) vec.totalBytes());
        vec.copyTo(0, java.lang.foreign.MemorySegment.ofBuffer(all));
        return all.array();
    }

    private static byte[] bytes(int length, int seed) {
        return FileWorld.bytes(length, seed);
    }

    private static byte[] bytes(DmaBuf buf) {
        return FileWorld.bytes(buf);
    }

    /** What an independent reader sees. */
    protected static byte[] read(Path file, long offset, int length) throws IOException {
        try (FileChannel reader = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining() && reader.read(bytes, offset + bytes.position()) > 0) {
                // the loop goes on where the last read ended
            }
            return bytes.array();
        }
    }
}
