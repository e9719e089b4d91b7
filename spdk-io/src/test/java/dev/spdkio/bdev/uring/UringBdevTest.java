// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.file.Counters;
import dev.spdkio.bdev.file.FileBdevContract;
import dev.spdkio.bdev.file.FileWorld;
import dev.spdkio.bdev.file.Load;
import dev.spdkio.bdev.file.SmallFileSystem;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.FileStat;
import dev.spdkio.sys.IoUring;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UringBdevTest extends FileBdevContract {
    @BeforeEach
    void needsIoUring() {
        assumeTrue(IoUring.isAvailable(), () -> "no io_uring: " + IoUring.unavailabilityCause());
    }

    @Override
    protected void rescan(BdevManager bdevs, String name) throws SpdkException {
        UringBdev.rescan(bdevs, name);
    }

    @Override
    protected Bdev create(BdevManager bdevs, Wish wish) throws SpdkException {
        return UringBdev.create(bdevs, options(wish));
    }

    static UringBdevOptions options(Wish wish) {
        return new UringBdevOptions(wish.name(), wish.file().toString())
                .withBlockSize(wish.blockSize())
                .withReadonly(wish.readonly());
    }

    @Test
    void atomicWritesAreThoseOfTheKernelOrRefused() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("atomic", MIB);
            UringBdevOptions options = new UringBdevOptions("atomic", file.toString())
                    .withBlockSize(4096)
                    .withAtomicWrites(true);
            Bdev bdev;
            try {
                bdev = UringBdev.create(world.bdevs, options);
            } catch (SpdkException refused) {
                assertThat(refused.errno()).isEqualTo(Errno.EOPNOTSUPP);
                assertThat(refused).hasMessageContaining("atomic_writes");
                return;
            }
            assertThat(bdev.atomicWriteBlocks()).isPositive();
            BdevChannel channel = world.channel(world.app, bdev);
            DmaBuf data = world.pattern(4096, 3);
            world.io(world.app, () -> channel.writeAsync(data, 8192));
            assertThat(Arrays.copyOfRange(Files.readAllBytes(file), 8192, 12_288))
                    .isEqualTo(FileWorld.bytes(data));
        }
    }

    @Test
    void whatIsAtomicFollowsFromWhatTheKernelSays() {
        assertThat(UringFile.atomicBytes(stat(4096, 16_384), 4096)).isEqualTo(16_384);
        assertThat(UringFile.atomicBytes(stat(4096, 16_384), 512))
                .as("a block is less than the least")
                .isZero();
        assertThat(UringFile.atomicBytes(stat(4096, 4096), 8192)).isZero();
        assertThat(UringFile.atomicBytes(stat(0, 0), 4096)).isZero();
    }

    private static FileStat stat(int least, int most) {
        return new FileStat(1 << 20, 0, 4096, 4, 512, least, most, 0, 0);
    }

    @Test
    void aFlushIsAnFsyncOfTheKernel() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Bdev bdev = create(world.bdevs, new Wish("f", file("f", MIB), 4096, false));
            BdevChannel channel = world.channel(world.app, bdev);
            world.io(world.app, () -> {
                CompletableFuture<Void> end = channel.flushAsync(0, 4096);
                assertThat(UringGroup.describe(world.app)).contains("prepared [FSYNC slot 0");
                return end;
            });
        }
    }

    @Test
    void unmapAndZeroesAreTheKernels() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Bdev bdev = create(world.bdevs, new Wish("f", file("f", MIB), 4096, false));
            assumeTrue(bdev.supports(IoType.UNMAP), "this file system cannot punch holes");
            BdevChannel channel = world.channel(world.app, bdev);
            world.io(world.app, () -> {
                CompletableFuture<?> ends =
                        CompletableFuture.allOf(channel.unmapAsync(4096, 8192), channel.writeZeroesAsync(65536, 4096));
                assertThat(UringGroup.describe(world.app)).containsSubsequence("FALLOCATE", "FALLOCATE");
                return ends;
            });
        }
    }

    @Test
    void zeroesAreWrittenWhereTheKernelCannotZero() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isDirectory(memory), "there is no tmpfs at /dev/shm");
        Path file = Files.createTempFile(memory, "spdkio", ".disk");
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            byte[] model = FileWorld.bytes(2 * MIB, 5);
            Files.write(file, model);
            BdevChannel channel = world.channel(world.app, create(world.bdevs, new Wish("m", file, 4096, false)));
            world.io(world.app, () -> channel.writeZeroesAsync(8192, MIB));
            world.io(world.app, () -> channel.writeZeroesAsync(0, 4096));
            Arrays.fill(model, 8192, 8192 + MIB, (byte) 0);
            Arrays.fill(model, 0, 4096, (byte) 0);
            assertThat(Files.readAllBytes(file)).isEqualTo(model);
        } finally {
            Files.delete(file);
        }
    }

    @ParameterizedTest
    @EnumSource
    void moreThanTheRingHoldsWaitsInOrder(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Bdev bdev = create(world.bdevs, new Wish("q", file("q", 4 * MIB), 4096, false));
            BdevChannel channel = world.channel(world.app, bdev);
            assertThat(world.await(Load.start(world, channel, 2000, 10_000, 4096)).failures)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theRingGoesWithTheLastChannel(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            for (int i = 0; i < 3; i++) {
                Bdev bdev = create(world.bdevs, new Wish("g" + i, file("g" + i, MIB), 4096, false));
                BdevChannel channel = world.channel(world.app, bdev);
                assertThat(world.on(world.app, () -> UringGroup.describe(world.app)))
                        .contains("in flight 0");
                world.await(world.on(world.app, () -> {
                    channel.desc().close();
                    return channel.desc().closed();
                }));
                world.await(world.bdevs.unregister(bdev));
                assertThat(world.on(world.app, () -> UringGroup.describe(world.app)))
                        .isEqualTo("no ring");
            }
        }
    }

    @Test
    void aSleepingReactorIsWokenByTheRing() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.REAL)) {
            Bdev bdev = create(world.bdevs, new Wish("s", file("s", MIB), 4096, false));
            BdevChannel channel = world.channel(world.app, bdev);
            DmaBuf buf = world.pattern(4096, 1);
            long parks = world.app.reactor().stats().parks();
            // A flush takes longer than a reactor spins. A wake-up that is lost would end this test by its time limit.
            for (int i = 0; i < 50; i++) {
                long at = i * 4096L;
                world.io(world.app, () -> channel.writeAsync(buf, at).thenCompose(_ -> channel.flushAsync(at, 4096)));
            }
            assertThat(world.app.reactor().stats().parks()).isGreaterThan(parks);
        }
    }

    @Test
    void saysWhyDirectIoIsImpossible() throws Exception {
        Path without = Path.of("/proc/version");
        assumeTrue(Files.exists(without), "no file system without direct I/O is known here");
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            UringBdevOptions options = new UringBdevOptions("d", without.toString()).withReadonly(true);
            assertThatThrownBy(() -> UringBdev.create(world.bdevs, options.withDirect(true)))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP))
                    .hasMessageContaining("has no direct I/O: leave direct unset, or set it to false");
            assertThatThrownBy(() -> UringBdev.create(world.bdevs, options))
                    .as("without asking for it, the page cache serves")
                    .hasMessageContaining("it holds 0 bytes");
        }
    }

    @Test
    void sendsPeopleWithoutIoUringToAio() {
        assertThat(UringFile.unavailable(new UringBdevOptions("u", "/disk"), "the kernel is too old"))
                .hasMessage("bdev u on /disk: io_uring is not available: the kernel is too old."
                        + " Create an aio bdev instead (bdev_aio_create)")
                .extracting(SpdkException::errno)
                .isEqualTo(Errno.ENOSYS);
    }

    @Test
    void saysThatAFileMayNotBeWritten() throws Exception {
        Path readonly = Path.of("/sys/kernel/uevent_seqnum");
        assumeTrue(Files.exists(readonly), "no file is known here that nobody may write");
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            assertThatThrownBy(() -> UringBdev.create(
                            world.bdevs, new UringBdevOptions("r", readonly.toString()).withDirect(false)))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
                    .hasMessageContaining("may not be opened for reading and writing: change its permissions, or set");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFullFileSystemFailsTheWriteThatMetIt(FileWorld.Kind kind) throws Exception {
        try (SmallFileSystem small = SmallFileSystem.mount(dir.resolve("small"));
                FileWorld world = new FileWorld(kind)) {
            Path file = small.sparse("disk", 8L * MIB);
            BdevChannel channel = world.channel(world.app, create(world.bdevs, new Wish("full", file, 4096, false)));
            DmaBuf buf = world.pattern(MIB / 2, 1);
            world.io(world.app, () -> channel.writeAsync(buf, 0));
            assertThatThrownBy(() -> world.io(
                            world.app,
                            () -> CompletableFuture.allOf(
                                    channel.writeAsync(buf, 2L * MIB),
                                    channel.writeAsync(buf, 3L * MIB),
                                    channel.writeAsync(buf, 4L * MIB))))
                    .rootCause()
                    .hasMessageContaining("ENOSPC");
            DmaBuf back = world.pool.allocate(MIB / 2);
            world.io(world.app, () -> channel.readAsync(back, 0));
            assertThat(FileWorld.bytes(back)).isEqualTo(FileWorld.bytes(buf));
        }
    }

    @Test
    void anIoAllocatesNothingOnTheHeap() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.REAL)) {
            Bdev bdev = create(world.bdevs, new Wish("heap", file("heap", MIB), 4096, false));
            BdevChannel channel = world.channel(world.app, bdev);
            // The best of some passes counts: interpreted code allocates what compiled code does not.
            double best = Double.MAX_VALUE;
            for (int pass = 0; pass < 12 && best >= 1; pass++) {
                long before = world.on(world.app, Counters::allocatedBytes);
                int count = 5000;
                world.await(Load.start(world, channel, 32, count, 4096));
                best = Math.min(best, (world.on(world.app, Counters::allocatedBytes) - before) / (double) count);
            }
            // Buffers, futures and messages of a pass are counted, too.
            assertThat(best).isLessThan(8);
        }
    }
}
