// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorBdevOptions;
import dev.spdkio.bdev.error.ErrorInjection;
import dev.spdkio.bdev.error.ErrorType;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole life of an array on files: one base begins to fail, leaves, comes back, and gets what it missed. */
@Timeout(120)
class RaidOnFilesTest {
    private static final int BASES = 3;
    private static final int OFFSET = 1 << 20;
    private static final int DATA = 1 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @SuppressWarnings("NullAway.Init")
    private SpdkApp app;

    private <T> T call(Callable<CompletableFuture<T>> body) throws Exception {
        return app.call(body).thenCompose(done -> done).get(30, TimeUnit.SECONDS);
    }

    private static String base(int i) {
        return "EE_Aio" + i;
    }

    private List<Path> makeBases() throws Exception {
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < BASES; i++) {
            Path file = dir.resolve("base" + i);
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(OFFSET + DATA);
            }
            files.add(file);
            AioBdevOptions options = new AioBdevOptions("Aio" + i, file.toString()).withBlockSize(512);
            AioBdev.create(app.bdevs(), options);
            ErrorBdevOptions error = new ErrorBdevOptions("Aio" + i);
            app.call(() -> ErrorBdev.create(app.bdevs(), error)).get(30, TimeUnit.SECONDS);
        }
        return files;
    }

    private Map<String, Object> info(RaidBdev array) throws Exception {
        return app.call(array::info).get(30, TimeUnit.SECONDS);
    }

    private void awaitRebuilt(RaidBdev array) throws Exception {
        long end = System.nanoTime() + 60_000_000_000L;
        while (info(array).containsKey("process")) {
            assertThat(System.nanoTime() - end).as("rebuilt in time").isNegative();
        }
    }

    private static byte[] random(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    @ParameterizedTest
    @EnumSource(names = {"RAID1", "RAID5F"})
    void losesABaseAndGetsItBack(RaidLevel level) throws Exception {
        List<Path> files;
        try (SpdkApp running = SpdkApp.builder()
                .name("raid-on-files")
                .ignoreSignals()
                .shutdownTimeout(Duration.ofSeconds(10))
                .start()) {
            app = running;
            files = makeBases();
            RaidArrays arrays = new RaidArrays(app.bdevs());
            RaidBdevOptions options = new RaidBdevOptions(
                            "Raid", level, level == RaidLevel.RAID1 ? 0 : 64, List.of(base(0), base(1), base(2)))
                    .withSuperblock(true);
            RaidBdev array = call(() -> arrays.create(options));
            Bdev bdev = Objects.requireNonNull(app.bdevs().lookup("Raid"));
            byte[] data = random((int) bdev.sizeBytes(), 1);
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Raid", OpenMode.READ_WRITE)) {
                device.write(ByteBuffer.wrap(data), 0);
                ErrorBdev.inject(
                        Objects.requireNonNull(app.bdevs().lookup(base(1))),
                        ErrorInjection.of(ErrorInjection.Target.WRITE, ErrorType.FAILURE, Integer.MAX_VALUE));
                data = random(data.length, 2);
                device.write(ByteBuffer.wrap(data), 0);
                assertThat(info(array)).containsEntry("num_base_bdevs_operational", 2L);

                ErrorBdev.inject(Objects.requireNonNull(app.bdevs().lookup(base(1))), ErrorInjection.clear());
                call(() -> arrays.addBase("Raid", base(1)));
                byte[] half = random(data.length / 2, 3);
                device.write(ByteBuffer.wrap(half), 0);
                System.arraycopy(half, 0, data, 0, half.length);
                awaitRebuilt(array);
                assertThat(info(array)).containsEntry("num_base_bdevs_operational", 3L);

                call(() -> arrays.removeBase(base(0)));
                byte[] found = new byte[data.length];
                device.read(ByteBuffer.wrap(found), 0);
                assertThat(found).isEqualTo(data);
                call(() -> arrays.addBase("Raid", base(0)));
                awaitRebuilt(array);
            }
            app.bdevs().closeAsync().get(30, TimeUnit.SECONDS);
        }
        assertMatch(level, files);
    }

    /** Looked at from outside. */
    private static void assertMatch(RaidLevel level, List<Path> files) throws Exception {
        List<byte[]> data = new ArrayList<>();
        for (Path file : files) {
            data.add(Arrays.copyOfRange(Files.readAllBytes(file), OFFSET, OFFSET + DATA));
        }
        for (int i = 0; i < DATA; i++) {
            int a = data.get(0)[i];
            int b = data.get(1)[i];
            int c = data.get(2)[i];
            boolean match = level == RaidLevel.RAID1 ? a == b && b == c : (a ^ b ^ c) == 0;
            if (!match) {
                throw new AssertionError("the bases differ in byte " + i);
            }
        }
    }
}
