// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.file.FileBdevContract;
import dev.spdkio.bdev.file.FileWorld;
import dev.spdkio.bdev.file.Load;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AioBdevTest extends FileBdevContract {
    @Override
    protected void rescan(BdevManager bdevs, String name) throws SpdkException {
        AioBdev.rescan(bdevs, name);
    }

    @Override
    protected Bdev create(BdevManager bdevs, Wish wish) throws SpdkException {
        return AioBdev.create(bdevs, options(wish));
    }

    static AioBdevOptions options(Wish wish) {
        return new AioBdevOptions(wish.name(), wish.file().toString())
                .withBlockSize(wish.blockSize())
                .withReadonly(wish.readonly());
    }

    @Test
    void withoutFallocateThereIsNoUnmap() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Bdev bdev = AioBdev.create(
                    world.bdevs, new AioBdevOptions("a", file("a", MIB).toString()).withBlockSize(512));
            assertThat(bdev.supports(IoType.UNMAP)).isFalse();
            assertThat(bdev.emulates(IoType.WRITE_ZEROES)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesPastThePageCacheWhereItCan(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Path file = file("direct", MIB);
            long unit = Files.getFileStore(file).getBlockSize();
            Bdev bdev = AioBdev.create(
                    world.bdevs, new AioBdevOptions("direct", file.toString()).withBlockSize((int) unit));
            assumeTrue(bdev.requiredAlignment() == unit, "this file system has no direct I/O");
            BdevChannel channel = world.channel(world.app, bdev);
            assertThat(world.await(Load.start(world, channel, 16, 500, (int) unit)).failures)
                    .isEmpty();
        }
    }

    @Test
    void saysWhyDirectIoIsImpossible() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("direct", MIB);
            long unit = Files.getFileStore(file).getBlockSize();
            assumeTrue(unit > 512, "blocks of 512 fit everywhere here");
            assertThatThrownBy(() -> AioBdev.create(
                            world.bdevs,
                            new AioBdevOptions("d", file.toString())
                                    .withBlockSize(512)
                                    .withDirect(true)))
                    .isInstanceOf(SpdkException.class)
                    .hasMessageContaining("a block size of 512 is smaller than " + unit)
                    .hasMessageContaining("set direct to false");
            Path without = Path.of("/proc/version");
            assumeTrue(Files.exists(without), "no file system without direct I/O is known here");
            assertThatThrownBy(() -> AioBdev.create(
                            world.bdevs,
                            new AioBdevOptions("d", without.toString())
                                    .withReadonly(true)
                                    .withDirect(true)))
                    .isInstanceOfSatisfying(
                            SpdkException.class,
                            e -> assertThat(e.errno()).as(e.toString()).isEqualTo(Errno.EOPNOTSUPP))
                    .hasMessageContaining("has no direct I/O: leave direct unset, or set it to false");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theHubHoldsWhatIsBeyondTheQueueDepth(FileWorld.Kind kind) throws Exception {
        try (FileWorld world = new FileWorld(kind)) {
            Bdev bdev = AioBdev.create(
                    world.bdevs,
                    new AioBdevOptions("q", file("q", MIB).toString())
                            .withBlockSize(4096)
                            .withThreads(2)
                            .withQueueDepth(4));
            BdevChannel channel = world.channel(world.app, bdev);
            assertThat(world.await(Load.start(world, channel, 200, 1000, 4096)).failures)
                    .isEmpty();
        }
    }

    @Test
    void canBeMadeAgainFromItsConfiguration() throws Exception {
        try (FileWorld world = new FileWorld(FileWorld.Kind.SIMULATED)) {
            Path file = file("config", MIB);
            UUID uuid = UUID.randomUUID();
            Bdev bdev = AioBdev.create(
                    world.bdevs,
                    new AioBdevOptions("config", file.toString())
                            .withBlockSize(512)
                            .withUuid(uuid)
                            .withDirect(false)
                            .withThreads(3)
                            .withQueueDepth(9));
            assertThat(bdev.configCall().method()).isEqualTo("bdev_aio_create");
            assertThat(bdev.configCall().params())
                    .containsEntry("name", "config")
                    .containsEntry("block_size", 512)
                    .containsEntry("filename", file.toString())
                    .containsEntry("readonly", false)
                    .containsEntry("fallocate", false)
                    .containsEntry("uuid", uuid.toString())
                    .containsEntry("direct", false)
                    .containsEntry("threads", 3)
                    .containsEntry("queue_depth", 9);
        }
    }

    @Test
    void findsTheNumberBehindAnException() {
        assertThat(AioErrors.errno(new java.io.IOException("No space left on device")))
                .isEqualTo(Errno.ENOSPC);
        assertThat(AioErrors.errno(new java.nio.file.FileSystemException("f", null, "Read-only file system")))
                .isEqualTo(Errno.EROFS);
        assertThat(AioErrors.errno(new java.io.IOException("something else"))).isEqualTo(Errno.EIO);
    }
}
