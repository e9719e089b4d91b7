// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stores and volumes whose names and identities are not what they should be: what is whole is there. */
@Timeout(120)
class LvolHostileTest {
    private static final int CLUSTER = 64 << 10;
    private static final BlobstoreOptions STORE =
            BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER).withType("LVOLSTORE");

    private SpdkApp app;
    private MemoryDisk disk = new MemoryDisk(64L * CLUSTER);
    private Blobstore blobs;

    @BeforeEach
    void start() throws Exception {
        app = SpdkApp.builder()
                .name("hostile")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .start();
        Bdev _ = on(() -> disk.register(app.bdevs(), "Disk0"));
        blobs = get(Blobstore.init(app, app.appThread(), "Disk0", STORE));
    }

    @AfterEach
    void stop() {
        app.close();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private <T> T on(Callable<T> body) throws Exception {
        return get(app.call(body));
    }

    private static byte[] text(String value) {
        return (value + '\0').getBytes(StandardCharsets.UTF_8);
    }

    private BlobId blob(BlobOptions options) throws Exception {
        return get(blobs.createBlob(options));
    }

    private void superBlob(BlobOptions options) throws Exception {
        get(blobs.setSuperBlob(blob(options)));
    }

    private void goodSuperBlob() throws Exception {
        superBlob(BlobOptions.DEFAULT
                .withXattr("uuid", text(UUID.randomUUID().toString()))
                .withXattr("name", text("lvs")));
    }

    private LvolStore load() throws Exception {
        get(blobs.unload());
        LvolStores stores = on(() -> LvolStores.of(app.bdevs()));
        return get(on(() -> stores.load("Disk0")));
    }

    private void assertLoadFails(int errno) {
        assertThatThrownBy(this::load)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(errno));
        Bdev bdev = app.bdevs().lookup("Disk0");
        assertThat(bdev).isNotNull();
        assertThat(bdev.claims()).isEmpty();
    }

    @Test
    void aStoreNeedsASuperBlob() throws Exception {
        blob(BlobOptions.DEFAULT.withXattr("name", text("lvol")));
        assertLoadFails(Errno.ENODEV);
    }

    @Test
    void theSuperBlobMustBeThere() throws Exception {
        goodSuperBlob();
        BlobId id = get(blobs.superBlob()).orElseThrow();
        get(blobs.deleteBlob(id));
        assertLoadFails(Errno.ENODEV);
    }

    @Test
    void aStoreNeedsAnIdentity() throws Exception {
        superBlob(BlobOptions.DEFAULT.withXattr("name", text("lvs")));
        assertLoadFails(Errno.EINVAL);
    }

    @Test
    void anIdentityIsAUuid() throws Exception {
        superBlob(BlobOptions.DEFAULT.withXattr("uuid", text("x".repeat(36))).withXattr("name", text("lvs")));
        assertLoadFails(Errno.EINVAL);
    }

    @Test
    void aStoreNeedsAName() throws Exception {
        superBlob(BlobOptions.DEFAULT
                .withXattr("uuid", text(UUID.randomUUID().toString()))
                .withXattr("name", new byte[65]));
        assertLoadFails(Errno.EINVAL);
    }

    @Test
    void volumesThatCannotBeAreLeftOut() throws Exception {
        goodSuperBlob();
        byte[] id = text("6c0f4f8a-5e58-4c11-9d5e-0d5d6f1f2a3b");
        blob(BlobOptions.ofClusters(1).withXattr("uuid", id)); // nameless
        blob(BlobOptions.DEFAULT.withXattr("name", new byte[1]).withXattr("uuid", id)); // empty
        blob(BlobOptions.DEFAULT.withXattr("name", Arrays.copyOf("y".repeat(64).getBytes(), 64)));
        blob(BlobOptions.DEFAULT.withXattr("name", text("first")).withXattr("uuid", id));
        blob(BlobOptions.DEFAULT.withXattr("name", text("second")).withXattr("uuid", id)); // taken
        blob(BlobOptions.DEFAULT.withXattr("name", text("first"))); // taken
        BlobId old = blob(BlobOptions.ofClusters(1).withXattr("name", "old".getBytes())); // no NUL, no UUID
        blob(BlobOptions.DEFAULT.withXattr("name", text("odd\u0001/../x")).withXattr("uuid", text("1-1-1-1-1")));
        LvolStore store = load();
        assertThat(on(store::lvols)).extracting(Lvol::name).contains("first", "old", "odd\u0001/../x");
        assertThat(app.bdevs().lookup("lvs/second")).isNull();
        Bdev first = app.bdevs().lookup("lvs/first");
        assertThat(first).isNotNull();
        assertThat(first.name()).isEqualTo("6c0f4f8a-5e58-4c11-9d5e-0d5d6f1f2a3b");
        Bdev nameless = app.bdevs().lookup("lvs/old");
        assertThat(nameless).isNotNull();
        assertThat(nameless.name()).isEqualTo(store.uuid() + "_" + old.value());
        // What was left out goes with the store.
        get(on(store::delete));
    }

    @Test
    void whateverTheMetadataIsLoadingEnds() throws Exception {
        goodSuperBlob();
        for (int i = 0; i < 4; i++) {
            blob(BlobOptions.thin(2)
                    .withXattr("name", text("lvol" + i))
                    .withXattr("uuid", text(UUID.randomUUID().toString())));
        }
        get(blobs.unload());
        byte[] good = disk.content().clone();
        LvolStores stores = on(() -> LvolStores.of(app.bdevs()));
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 150; round++) {
            byte[] bad = disk.content();
            System.arraycopy(good, 0, bad, 0, bad.length);
            int page = 4096 * (4 + random.nextInt(5));
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                bad[page + random.nextInt(random.nextBoolean() ? 160 : 4096)] = (byte) random.nextInt();
            }
            if (random.nextInt(4) > 0) {
                PowerCutWorld.seal(bad, page);
            }
            try {
                LvolStore store = get(on(() -> stores.load("Disk0")));
                get(on(store::unload));
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(SpdkException.class);
            }
            assertThat(app.bdevs().bdevs()).extracting(Bdev::name).containsExactly("Disk0");
        }
    }
}
