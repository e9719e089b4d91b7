// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.Seeded;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SPDK's own BlobFS and ours take up what the other has left on a device. */
@Timeout(120)
class BlobFsCrossTest {
    private static final int DEVICE_BYTES = 32 << 20;
    private static final int MAX_FILE = 1 << 20;
    private static final String LONGEST = "n".repeat(BlobFs.MAX_NAME_BYTES);
    private static final List<String> NAMES =
            List.of("a", "b", "000012.sst", "MANIFEST-000001", "with/slash", "größer", LONGEST);

    private SpdkApp app;
    private SpdkThread thread;
    private Bdev device;

    /** For what a loss of power would leave on the other. */
    private Bdev copy;

    @BeforeEach
    void start() throws Exception {
        SpdkBlobFs.assumeThere();
        app = NativeApp.get();
        device = device("Files");
        copy = device("FilesCopy");
        thread = app.runtime().createThread("blobfs");
    }

    private static Bdev device(String name) throws Exception {
        return NativeApp.make(
                name, "bdev_malloc_create", Map.of("name", name, "num_blocks", DEVICE_BYTES / 512, "block_size", 512));
    }

    @AfterEach
    void stop() throws Exception {
        if (thread != null) {
            thread.exit().get(30, TimeUnit.SECONDS);
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", device.name()));
            NativeApp.rpc("bdev_malloc_delete", Map.of("name", copy.name()));
        }
    }

    /** What SPDK leaves that is not unloaded: a length is that of the last sync, and what was deleted is gone. */
    @Test
    void whatSpdkHasNotUnloadedIsTakenUp() throws Exception {
        byte[] synced = content(300_001);
        try (SpdkBlobFs fs = SpdkBlobFs.init(thread, device.name(), 1 << 20)) {
            fs.create("empty");
            fs.create("unnamed soon");
            long deleted = fs.open("unnamed soon");
            fs.append(deleted, synced);
            fs.delete("unnamed soon");
            fs.create("old");
            long file = fs.open("old");
            fs.append(file, synced);
            fs.sync(file);
            fs.append(file, synced);
            fs.rename("old", "new");
            DeviceBytes.copy(app, thread, device, copy);
            fs.close(file);
            fs.close(deleted);
        }
        Map<String, byte[]> left = Map.of("empty", new byte[0], "new", synced);
        try (BlobFs fs = BlobFs.load(app, copy.name(), BlobFsOptions.DEFAULT)) {
            same("not unloaded", files(fs), left);
            assertThat(fs.damagedFiles()).isEmpty();
        }
        try (BlobFs fs = BlobFs.load(app, device.name(), BlobFsOptions.DEFAULT)) {
            same("unloaded", files(fs), Map.of("empty", new byte[0], "new", joined(synced, synced)));
        }
        try (SpdkBlobFs fs = SpdkBlobFs.load(thread, copy.name())) {
            same("taken up, and back", fs.files(), left);
        }
    }

    /** A cut of what is not synced makes SPDK write a length for which the file has no room. */
    @Test
    void aLengthThatSpdkHasNoRoomForEndsWithTheRoom() throws Exception {
        int cluster = 1 << 18;
        byte[] content = content(cluster + 1000);
        try (SpdkBlobFs fs = SpdkBlobFs.init(thread, device.name(), cluster)) {
            fs.create("cut");
            long file = fs.open("cut");
            fs.append(file, content);
            fs.truncate(file, 1000);
            fs.close(file);
        }
        try (BlobFs fs = BlobFs.load(app, device.name(), BlobFsOptions.DEFAULT)) {
            same("cut", files(fs), Map.of("cut", Arrays.copyOf(content, cluster)));
        }
    }

    /** What ours has synced and not unloaded is there for SPDK, and what was deleted is not. */
    @Test
    void whatOursHasNotUnloadedIsTakenUp() throws Exception {
        byte[] content = content(600_000);
        try (BlobFs fs = BlobFs.init(app, device.name(), BlobFsOptions.DEFAULT);
                BlobFile file = fs.open("synced", FileOption.WRITE, FileOption.CREATE);
                BlobFile deleted = fs.open("unnamed soon", FileOption.WRITE, FileOption.CREATE)) {
            file.write(ByteBuffer.wrap(content), 0);
            deleted.write(ByteBuffer.wrap(content), 0);
            file.sync();
            deleted.sync();
            fs.delete("unnamed soon");
            fs.create("old");
            fs.rename("old", "new");
            DeviceBytes.copy(app, thread, device, copy);
        }
        try (SpdkBlobFs fs = SpdkBlobFs.load(thread, copy.name())) {
            same("not unloaded", fs.files(), Map.of("synced", content, "new", new byte[0]));
        }
    }

    /** Each of them goes on where another has unloaded the file system. */
    @Test
    @Seeded
    void eachGoesOnWithWhatTheOtherLeft(RandomGenerator random) throws Exception {
        TreeMap<String, byte[]> model = new TreeMap<>();
        SpdkBlobFs.init(thread, device.name(), 1 << 18 + random.nextInt(3)).close();
        for (int round = 0; round < 48; round++) {
            String where = "round " + round;
            switch (random.nextInt(3)) {
                case 0 -> {
                    // A file that it has read it cannot append to, before it is loaded again: the sync would not end.
                    try (SpdkBlobFs fs = SpdkBlobFs.load(thread, device.name())) {
                        same(where + " by SPDK", fs.files(), model);
                    }
                    try (SpdkBlobFs fs = SpdkBlobFs.load(thread, device.name())) {
                        change(fs, model, random);
                    }
                }
                case 1 -> {
                    try (BlobFs fs = BlobFs.load(app, device.name(), BlobFsOptions.DEFAULT)) {
                        goOn(where + " on SPDK's blobstore", fs, model, random);
                    }
                }
                default -> {
                    try (BlobFs fs = loadOnJava()) {
                        goOn(where + " on the blobstore in Java", fs, model, random);
                    }
                }
            }
        }
    }

    private BlobFs loadOnJava() throws Exception {
        return BlobstoreProvider.of(Engine.JAVA)
                .orElseThrow()
                .open(app, thread, device.name(), BlobstoreOptions.DEFAULT.withType(""), Mode.LOAD)
                .thenCompose(store -> BlobFs.mountAsync(app, store, BlobFsOptions.DEFAULT))
                .get(30, TimeUnit.SECONDS);
    }

    private static void goOn(String where, BlobFs fs, TreeMap<String, byte[]> model, RandomGenerator random)
            throws Exception {
        assertThat(fs.damagedFiles()).as(where).isEmpty();
        same(where, files(fs), model);
        change(fs, model, random);
    }

    private static TreeMap<String, byte[]> files(BlobFs fs) throws Exception {
        TreeMap<String, byte[]> files = new TreeMap<>();
        for (FileInfo info : fs.files()) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(info.length()));
            try (BlobFile f = fs.open(info.name())) {
                assertThat(f.read(content, 0)).isEqualTo(content.capacity());
            }
            files.put(info.name(), content.array());
        }
        return files;
    }

    private static void same(String where, Map<String, byte[]> found, Map<String, byte[]> expected) {
        assertThat(found.keySet()).as(where).isEqualTo(expected.keySet());
        found.forEach((name, content) -> {
            byte[] e = expected.get(name);
            assertThat(content.length).as("%s: length of %s", where, name).isEqualTo(e.length);
            assertThat(Arrays.mismatch(content, e))
                    .as("%s: first wrong byte of %s", where, name)
                    .isEqualTo(-1);
        });
    }

    // ---- changes ----------------------------------------------------------------------------------------------------

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (i * 31 >> 7);
        }
        return content;
    }

    private static byte[] bytes(RandomGenerator random, int most) {
        byte[] bytes = new byte[1 + random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static String name(RandomGenerator random) {
        return NAMES.get(random.nextInt(NAMES.size()));
    }

    private static String oneOf(Map<String, byte[]> model, RandomGenerator random) {
        return List.copyOf(model.keySet()).get(random.nextInt(model.size()));
    }

    /**
     * What SPDK's BlobFS can do: append, rename, cut, delete. It cannot append to a file that it has cut either: its
     * cache does not know of the cut.
     */
    private static void change(SpdkBlobFs fs, TreeMap<String, byte[]> model, RandomGenerator random) {
        Set<String> cut = new HashSet<>();
        for (int i = 0; i < 8; i++) {
            String name = model.isEmpty() ? name(random) : oneOf(model, random);
            switch (random.nextInt(6)) {
                case 0 -> {
                    String to = name(random);
                    if (model.containsKey(name) && !to.equals(name)) {
                        fs.rename(name, to);
                        model.put(to, model.remove(name));
                        boolean _ = cut.remove(name) ? cut.add(to) : cut.remove(to);
                    }
                }
                case 1 -> {
                    if (model.remove(name) != null) {
                        fs.delete(name);
                        cut.remove(name);
                    }
                }
                case 2 -> {
                    byte[] old = model.getOrDefault(name, new byte[0]);
                    if (old.length > 0) {
                        int length = random.nextInt(old.length);
                        long file = fs.open(name);
                        fs.truncate(file, length);
                        fs.close(file);
                        model.put(name, Arrays.copyOf(old, length));
                        cut.add(name);
                    }
                }
                default -> {
                    if (random.nextBoolean()) {
                        name = name(random);
                    }
                    if (!model.containsKey(name)) {
                        fs.create(name);
                        model.put(name, new byte[0]);
                    }
                    if (!cut.contains(name)) {
                        long file = fs.open(name);
                        for (int part = random.nextInt(4); part > 0 && model.get(name).length < MAX_FILE; part--) {
                            byte[] more = bytes(random, random.nextBoolean() ? 5_000 : 400_000);
                            fs.append(file, more);
                            model.merge(name, more, BlobFsCrossTest::joined);
                            if (random.nextInt(3) == 0) {
                                fs.sync(file);
                            }
                        }
                        fs.close(file);
                    }
                }
            }
        }
    }

    /** What ours can do: also write anywhere, and cut to more. */
    private static void change(BlobFs fs, TreeMap<String, byte[]> model, RandomGenerator random) throws Exception {
        for (int i = 0; i < 8; i++) {
            String name = model.isEmpty() ? name(random) : oneOf(model, random);
            byte[] old = model.get(name);
            switch (random.nextInt(6)) {
                case 0 -> {
                    String to = name(random);
                    if (old != null) {
                        fs.rename(name, to);
                        model.put(to, model.remove(name));
                    }
                }
                case 1 -> {
                    if (old != null) {
                        fs.delete(name);
                        model.remove(name);
                    }
                }
                case 2 -> {
                    if (old != null) {
                        int length = random.nextInt(MAX_FILE);
                        try (BlobFile f = fs.open(name, FileOption.WRITE)) {
                            f.truncate(length);
                        }
                        model.put(name, Arrays.copyOf(old, length));
                    }
                }
                default -> {
                    String target = random.nextBoolean() ? name(random) : name;
                    byte[] before = model.getOrDefault(target, new byte[0]);
                    byte[] more = bytes(random, 400_000);
                    int at = random.nextInt(before.length + 100_000);
                    try (BlobFile f = fs.open(target, FileOption.WRITE, FileOption.CREATE)) {
                        f.write(ByteBuffer.wrap(more), at);
                    }
                    byte[] after = Arrays.copyOf(before, Math.max(before.length, at + more.length));
                    System.arraycopy(more, 0, after, at, more.length);
                    model.put(target, after);
                }
            }
        }
    }
}
