// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.DamagedFile;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loads stores as SPDK's BlobFS left them, whole, half done and damaged: made here with the blobstore alone. */
@Timeout(60)
class BlobFsLoadTest {
    private SpdkApp app;
    private SpdkThread thread;
    private Bdev device;

    @BeforeEach
    void start() throws Exception {
        app = SpdkApp.builder()
                .name("old-files")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .start();
        thread = app.runtime().createThread("md");
        device = app.call(() -> MallocBdev.create(app.bdevs(), new MallocBdevOptions("Old", 512, 64 << 11)))
                .get(10, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        app.close();
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private Blobstore init(String type) throws Exception {
        return await(Blobstore.init(app, thread, device.name(), BlobstoreOptions.DEFAULT.withType(type)));
    }

    private BlobFs load() throws Exception {
        return BlobFs.load(app, device.name(), BlobFsOptions.DEFAULT);
    }

    private static byte[] name(String name) {
        return (name + "\0").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private BlobId blob(Blobstore store, Map<String, byte[]> xattrs) throws Exception {
        BlobOptions options = BlobOptions.ofClusters(1);
        for (Map.Entry<String, byte[]> x : xattrs.entrySet()) {
            options = options.withXattr(x.getKey(), x.getValue());
        }
        return await(store.createBlob(options));
    }

    private void fill(Blobstore store, BlobId id, int value) throws Exception {
        Blob blob = await(store.openBlob(id));
        BlobChannel channel = await(thread.<BlobChannel>call(store::openChannel));
        try (DmaBuf buf = app.dmaPool().allocate(4096)) {
            buf.fill((byte) value);
            await(channel.writeAsync(blob, buf, 0, 4096 / store.ioUnitSize()));
        }
        channel.close();
        await(channel.closed());
        await(blob.close());
    }

    @Test
    void loadsWhatSpdkWrote() throws Exception {
        Blobstore store = init("BLOBFS");
        BlobId id = blob(store, Map.of("name", name("old"), "length", number(3000)));
        fill(store, id, 7);
        await(store.unload());
        try (BlobFs fs = load()) {
            assertThat(fs.files()).containsExactly(new FileInfo("old", id, 3000, 1 << 20));
            try (BlobFile f = fs.open("old")) {
                ByteBuffer b = ByteBuffer.allocate(5000);
                assertThat(f.read(b, 0)).isEqualTo(3000);
                assertThat(b.get(2999)).isEqualTo((byte) 7);
            }
        }
    }

    @Test
    void finishesWhatSpdkLeftHalfDone() throws Exception {
        Blobstore store = init("BLOBFS");
        blob(store, Map.of()); // created, and the power gone before it had a name
        blob(store, Map.of("name", name("gone"), "length", number(1), "is_deleted", new byte[] {1}));
        blob(store, Map.of("name", name("kept"), "length", number(1)));
        await(store.unload());
        try (BlobFs fs = load()) {
            assertThat(fs.files()).extracting(FileInfo::name).containsExactly("kept");
            assertThat(fs.damagedFiles()).isEmpty();
            assertThat(await(thread(fs).call(fs.store()::blobIds))).hasSize(1);
        }
    }

    private static SpdkThread thread(BlobFs fs) {
        return fs.store().thread();
    }

    @Test
    void setsAsideWhatIsNoFile() throws Exception {
        Blobstore store = init("BLOBFS");
        byte[] length = number(10);
        Map<BlobId, String> expected = new HashMap<>();
        expected.put(blob(store, Map.of("length", length)), "no name");
        expected.put(blob(store, Map.of("name", name("a"), "other", new byte[1])), "no length");
        expected.put(blob(store, Map.of("name", name("b"), "length", new byte[4])), "no length");
        expected.put(blob(store, Map.of("name", name("c"), "length", number(-1))), "no length");
        expected.put(blob(store, Map.of("name", new byte[] {0}, "length", length)), "no text");
        expected.put(blob(store, Map.of("name", new byte[] {(byte) 0xFF, 0}, "length", length)), "no text");
        expected.put(blob(store, Map.of("name", new byte[300], "length", length)), "no text");
        blob(store, Map.of("name", name("twice"), "length", length));
        expected.put(blob(store, Map.of("name", name("twice"), "length", length)), "twice");
        blob(store, Map.of("name", name("too long"), "length", number(1L << 40)));
        blob(store, Map.of("name", new byte[] {'n', 'o', ' ', 'n', 'u', 'l'}, "length", length));
        await(store.unload());
        for (int round = 0; round < 2; round++) { // and stays that way
            try (BlobFs fs = load()) {
                assertThat(fs.files()).extracting(FileInfo::name).containsExactly("no nul", "too long", "twice");
                assertThat(fs.stat("too long").orElseThrow().length()).isEqualTo(1 << 20);
                Map<BlobId, DamagedFile> found = new HashMap<>();
                fs.damagedFiles().forEach(d -> found.put(d.id(), d));
                assertThat(found.keySet()).isEqualTo(expected.keySet());
                expected.forEach((id, why) -> assertThat(found.get(id))
                        .extracting(DamagedFile::why)
                        .asString()
                        .contains(why));
            }
        }
    }

    @Test
    void endsCirclesOfFilesThatReplaceEachOther() throws Exception {
        Blobstore store = init("BLOBFS");
        BlobId first =
                blob(store, Map.of("name", name("f"), "length", number(1), "spdkio.replaces", number(1L << 32 | 2)));
        BlobId second =
                blob(store, Map.of("name", name("f"), "length", number(2), "spdkio.replaces", number(first.value())));
        assertThat(second.value()).isEqualTo(1L << 32 | 2);
        BlobId self =
                blob(store, Map.of("name", name("g"), "length", number(3), "spdkio.replaces", number(1L << 32 | 4)));
        assertThat(self.value()).isEqualTo(1L << 32 | 4);
        blob(store, Map.of("name", name("h"), "length", number(3), "spdkio.replaces", number(77)));
        await(store.unload());
        try (BlobFs fs = load()) {
            assertThat(fs.files()).extracting(FileInfo::name).containsExactly("f", "g", "h");
            assertThat(fs.damagedFiles()).isEmpty();
        }
    }

    /** In a store that says nothing of files, what is no file may be anything. */
    @Test
    void adoptsAStoreWithoutATypeAndKeepsWhatIsInIt() throws Exception {
        Blobstore store = init("");
        BlobId foreign = blob(store, Map.of());
        blob(store, Map.of("name", name("f"), "length", number(1)));
        await(store.unload());
        try (BlobFs fs = load()) {
            assertThat(fs.files()).extracting(FileInfo::name).containsExactly("f");
            assertThat(fs.damagedFiles()).extracting(DamagedFile::id).containsExactly(foreign);
            fs.create("g");
        }
    }

    @Test
    void refusesAStoreForSomethingElse() throws Exception {
        await(init("LVOLSTORE").unload());
        FileBed.assertErrno(Errno.EINVAL, this::load, "LVOLSTORE", device.name());
        Blobstore store = await(Blobstore.load(app, thread, device.name(), BlobstoreOptions.DEFAULT));
        await(store.unload());
    }

    @Test
    void anApplicationThatStopsClosesItsFiles() throws Exception {
        BlobFs fs = BlobFs.init(app, device.name(), BlobFsOptions.DEFAULT);
        BlobFile f = FileBed.newFile(fs, "f");
        FileBed.write(f, 0, new byte[] {1, 2, 3});
        List<FileInfo> files = fs.files();
        app.close();
        assertThat(f.isOpen()).isFalse();
        assertThat(fs.isLoaded()).isFalse();
        assertThat(files).hasSize(1);
    }

    @Test
    void aDeviceThatIsRemovedIsLetGo() throws Exception {
        BlobFs fs = BlobFs.init(app, device.name(), BlobFsOptions.DEFAULT);
        BlobFile f = FileBed.newFile(fs, "f");
        FileBed.write(f, 0, new byte[100_000]);
        await(app.bdevs().unregister(device));
        assertThat(f.isOpen()).isFalse();
        assertThat(fs.isLoaded()).isFalse();
    }
}
