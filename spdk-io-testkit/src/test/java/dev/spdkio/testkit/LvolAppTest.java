// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Stores of logical volumes in whole applications, with reactors of their own. */
@Timeout(120)
class LvolAppTest {
    private static final int MIB = 1 << 20;

    @TempDir(factory = DiskTempDir.class)
    Path folder;

    private String config() throws Exception {
        Path file = folder.resolve("disk");
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(64L * MIB);
        }
        return """
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_aio_create",
                   "params": {"name": "Aio0", "filename": "%s", "block_size": 512,
                              "uuid": "8f6e8c5c-0a3c-4a6e-9a53-4f6b1c1c2d01"}},
                  {"method": "bdev_passthru_create", "params": {"name": "PT0", "base_bdev_name": "Aio0"}},
                  {"method": "bdev_passthru_create", "params": {"name": "PT1", "base_bdev_name": "lvs/lvol"}},
                  {"method": "bdev_wait_for_examine"}]}]}
                """.formatted(file);
    }

    private static SpdkApp start(String config) throws Exception {
        return SpdkApp.builder()
                .name("lvol-app")
                .ignoreSignals()
                .configJson(config)
                .start();
    }

    private static final Logger LOG = Logger.getLogger("dev.spdkio.bdev.lvol");

    /** What is logged as an error. */
    private final List<String> errors = new CopyOnWriteArrayList<>();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
                errors.add(entry.getMessage() + " " + entry.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOG.addHandler(handler);
    }

    @AfterEach
    void nothingIsLoggedAsAnError() {
        LOG.removeHandler(handler);
        assertThat(errors).isEmpty();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    /** Whether the super block on the disk says that the store was unloaded. */
    private boolean isClean() throws Exception {
        try (RandomAccessFile f = new RandomAccessFile(folder.resolve("disk").toFile(), "r")) {
            f.seek(16);
            return f.read() == 1;
        }
    }

    @Test
    void theEndOfAnApplicationUnloadsItsStores() throws Exception {
        String config = config();
        try (SpdkApp app = start(config)) {
            LvolStores stores = LvolStores.of(app.bdevs());
            LvolStore store = get(stores.create(new LvolStoreOptions("PT0", "lvs").withClusterSize(MIB)));
            get(store.create(new LvolOptions("lvol", 4L * MIB)));
            assertThat(app.bdevs().lookup("PT1"))
                    .as("what waits for the volume")
                    .isNotNull();
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "PT1", OpenMode.READ_WRITE)) {
                device.write(ByteBuffer.allocate(512).putInt(0, 42), MIB);
            }
            assertThat(isClean()).isFalse();
        }
        assertThat(isClean()).isTrue();
        try (SpdkApp app = start(config)) {
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "PT1", OpenMode.READ_ONLY)) {
                ByteBuffer back = ByteBuffer.allocate(512);
                device.read(back, MIB);
                assertThat(back.getInt(0)).isEqualTo(42);
            }
            LvolStore store = LvolStores.of(app.bdevs()).find("lvs").orElseThrow();
            assertThat(store.bdev().name()).isEqualTo("PT0");
            get(store.find("lvol").orElseThrow().delete());
        }
        assertThat(isClean()).as("a store without volumes").isTrue();
    }

    @Test
    void manyThreadsMakeAndUseVolumes() throws Exception {
        try (SpdkApp app = start(config())) {
            LvolStores stores = LvolStores.of(app.bdevs());
            LvolStore store = get(stores.create(new LvolStoreOptions("PT0", "lvs").withClusterSize(65536)));
            List<CompletableFuture<Integer>> users = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int number = i;
                CompletableFuture<Integer> end = new CompletableFuture<>();
                users.add(end);
                Thread.ofVirtual().start(() -> {
                    try {
                        end.complete(use(app, store, "lvol" + number));
                    } catch (Throwable t) {
                        end.completeExceptionally(t);
                    }
                });
            }
            for (CompletableFuture<Integer> user : users) {
                assertThat(get(user)).isEqualTo(4);
            }
            assertThat(store.lvols()).isEmpty();
            assertThat(get(app.call(store::freeClusters))).isEqualTo(get(app.call(store::totalClusters)));
        }
    }

    /** Writes while snapshots are made, and reads back what each of them must have. */
    private static int use(SpdkApp app, LvolStore store, String name) throws Exception {
        Lvol lvol = get(store.create(LvolOptions.thin(name, MIB)));
        List<Lvol> snapshots = new ArrayList<>();
        try (BlockDevice device = BlockDevice.open(app.bdevs(), lvol.alias(), OpenMode.READ_WRITE)) {
            for (int round = 0; round < 4; round++) {
                for (int at = 0; at < 16; at++) {
                    device.write(ByteBuffer.allocate(512).putInt(0, round), at * 65536L);
                }
                snapshots.add(get(lvol.snapshot(name + " at " + round)));
                device.write(
                        ByteBuffer.allocate(512), ThreadLocalRandom.current().nextInt(16) * 65536L + 512);
            }
        }
        for (int round = 0; round < 4; round++) {
            Bdev bdev = app.bdevs().lookup(snapshots.get(round).alias());
            assertThat(bdev).isNotNull();
            try (BlockDevice device = BlockDevice.open(app.bdevs(), bdev.name(), OpenMode.READ_ONLY)) {
                for (int at = 0; at < 16; at++) {
                    ByteBuffer back = ByteBuffer.allocate(512);
                    device.read(back, at * 65536L);
                    assertThat(back.getInt(0)).isEqualTo(round);
                }
            }
        }
        for (Lvol snapshot : snapshots) {
            get(snapshot.delete());
        }
        get(lvol.delete());
        return snapshots.size();
    }
}
