// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.aio.AioBdev;
import dev.spdkio.bdev.aio.AioBdevOptions;
import dev.spdkio.bdev.raid.RaidArrays;
import dev.spdkio.bdev.raid.RaidBdevOptions;
import dev.spdkio.bdev.raid.RaidLevel;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Arrays on files that SPDK made, found here by their superblocks, and the other way round. */
@Timeout(120)
class RaidInteropTest {
    private static final int BASES = 2;
    private static final int BYTES = 4 << 20;
    private static final String RAID = "RaidInterop";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    private final List<Path> files = new ArrayList<>();
    private final List<UUID> uuids = new ArrayList<>();

    @BeforeEach
    void makeFiles() throws Exception {
        NativeApp.get();
        for (int i = 0; i < BASES; i++) {
            Path file = Files.createFile(dir.resolve("base" + i));
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(BYTES);
            }
            files.add(file);
            uuids.add(UUID.randomUUID());
        }
    }

    @AfterEach
    void takeAway() throws Exception {
        takeFromSpdk(false);
    }

    private static String base(int i) {
        return "RaidInteropBase" + i;
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private void giveToSpdk() throws Exception {
        NativeApp.assumeSince("v25.05", "takes no UUID for an aio device, by which an array knows it");
        for (int i = 0; i < BASES; i++) {
            NativeApp.make(
                    base(i),
                    "bdev_aio_create",
                    Map.of(
                            "name", base(i),
                            "filename", files.get(i).toString(),
                            "block_size", 512,
                            "uuid", uuids.get(i).toString()));
        }
        NativeApp.rpc("bdev_wait_for_examine", Map.of());
    }

    private static void takeFromSpdk(boolean clear) throws Exception {
        SpdkApp app = NativeApp.get();
        if (app.bdevs().lookup(RAID) != null) {
            NativeApp.rpc("bdev_raid_delete", clear ? Map.of("name", RAID, "clear_sb", true) : Map.of("name", RAID));
        }
        for (int i = 0; i < BASES; i++) {
            if (app.bdevs().lookup(base(i)) != null) {
                NativeApp.rpc("bdev_aio_delete", Map.of("name", base(i)));
            }
        }
    }

    /** Has {@code seed} on the array, or finds it there. */
    private static void io(SpdkApp app, boolean write, long seed) throws Exception {
        SpdkThread thread = app.appThread();
        BdevDesc desc = await(thread.call(() -> app.bdevs().open(RAID, OpenMode.READ_WRITE, BdevEventListener.NONE)));
        int bytes = Math.toIntExact(desc.bdev().sizeBytes());
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        try (DmaBuf buf = app.dmaPool().allocate(bytes, 4096)) {
            BdevChannel channel = await(thread.call(desc::openChannel));
            if (write) {
                buf.copyFrom(data);
                await(channel.writeAsync(buf, 0));
            } else {
                await(channel.readAsync(buf, 0));
                byte[] found = new byte[bytes];
                buf.copyTo(found);
                assertThat(found).isEqualTo(data);
            }
        } finally {
            desc.close();
            await(desc.closed());
        }
    }

    private interface Body {
        void run(SpdkApp app, RaidArrays arrays) throws Exception;
    }

    /** In an application of the Java engine with the same files. */
    private void inJava(boolean examine, Body body) throws Exception {
        try (SpdkApp app = SpdkApp.builder()
                .name("raid-interop")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .shutdownTimeout(Duration.ofSeconds(10))
                .start()) {
            RaidArrays arrays = new RaidArrays(app.bdevs());
            for (int i = 0; i < BASES; i++) {
                AioBdevOptions options = new AioBdevOptions(
                                base(i), files.get(i).toString())
                        .withBlockSize(512)
                        .withUuid(uuids.get(i));
                AioBdev.create(app.bdevs(), options);
            }
            if (examine) {
                await(app.call(() -> app.rpc().call("bdev_wait_for_examine", null))
                        .thenCompose(done -> done));
            }
            body.run(app, arrays);
            await(app.bdevs().closeAsync());
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RAID5F") // SPDK builds it on request only
    void whatSpdkMakesIsFoundHereAndThereAgain(RaidLevel level) throws Exception {
        giveToSpdk();
        Map<String, Object> params = new HashMap<>(Map.of(
                "name",
                RAID,
                "raid_level",
                level.jsonName(),
                "base_bdevs",
                List.of(base(0), base(1)),
                "superblock",
                true));
        if (level != RaidLevel.RAID1) {
            params.put("strip_size_kb", 16);
        }
        NativeApp.rpc("bdev_raid_create", params);
        io(NativeApp.get(), true, 1);
        takeFromSpdk(false);

        inJava(true, (app, _) -> {
            io(app, false, 1);
            io(app, true, 2);
        });

        giveToSpdk();
        io(NativeApp.get(), false, 2);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RAID5F")
    void whatIsMadeHereIsFoundBySpdk(RaidLevel level) throws Exception {
        inJava(false, (app, arrays) -> {
            RaidBdevOptions options = new RaidBdevOptions(
                            RAID, level, level == RaidLevel.RAID1 ? 0 : 16, List.of(base(0), base(1)))
                    .withSuperblock(true);
            await(app.appThread().call(() -> arrays.create(options)).thenCompose(made -> made));
            io(app, true, 3);
        });
        giveToSpdk();
        io(NativeApp.get(), false, 3);
        NativeApp.assumeSince("v26.05", "clears no superblocks");
        takeFromSpdk(true);
        inJava(true, (app, arrays) -> {
            assertThat(app.bdevs().lookup(RAID))
                    .as("SPDK cleared the superblocks")
                    .isNull();
            assertThat(await(app.appThread().call(arrays::list))).isEmpty();
        });
    }
}
