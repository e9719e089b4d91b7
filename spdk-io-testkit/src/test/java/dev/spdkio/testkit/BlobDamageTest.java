// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices that fail, and metadata that nobody wrote: what is whole is loaded, and what is wrong is said. */
@Timeout(120)
class BlobDamageTest {
    /** Where metadata pages begin: behind the super block and three masks. */
    private static final int METADATA = 4 * 4096;

    private static final int PAGES = 24;

    private PowerCutWorld world;
    private BlobId first;
    private BlobId second;
    private byte[] image;

    @BeforeEach
    void prepare() throws Exception {
        world = new PowerCutWorld();
        image = world.run(() -> {
            Blobstore store = world.init();
            first = Task.await(store.createBlob(BlobOptions.ofClusters(2).withXattr("n", new byte[] {1})));
            second = Task.await(store.createBlob(
                    BlobOptions.ofClusters(3).withExtentTable(false).withXattr("n", new byte[] {2})));
            byte[] content = world.device.content();
            Task.await(store.unload());
            return content;
        });
    }

    @AfterEach
    void close() throws Exception {
        world.close();
    }

    @Test
    void aFailedSyncStaysFailed() throws Exception {
        boolean _ = world.run(() -> {
            Blobstore store = world.load();
            Blob blob = Task.await(store.openBlob(first));
            boolean set = Task.call(() -> {
                blob.setXattr("x", new byte[3000]);
                blob.setXattr("y", new byte[3000]);
                return true;
            });
            assertThat(set).isTrue();
            world.device.failWrites(true);
            fails(Errno.EIO, () -> Task.await(blob.sync()));
            fails(Errno.EIO, () -> Task.await(blob.sync()));
            fails(Errno.EIO, () -> Task.await(blob.close()));
            world.device.failWrites(false);
            long free = Task.call(store::freeClusters);
            Task.await(blob.close());
            byte[] left = world.device.content();
            Task.await(store.unload());
            world.device.reset(left);
            Blobstore after = world.load();
            assertThat(Task.call(after::freeClusters)).isEqualTo(free);
            Blob found = Task.await(after.openBlob(first));
            assertThat(Task.call(() -> found.xattr("y"))).hasSize(3000);
            Task.await(found.close());
            Task.await(after.unload());
            return true;
        });
    }

    @Test
    void whatFailsLeavesNothingBehind() throws Exception {
        boolean _ = world.run(() -> {
            Blobstore store = world.load();
            long free = Task.call(store::freeClusters);
            world.device.failWrites(true);
            fails(Errno.EIO, () -> Task.await(store.deleteBlob(second)));
            fails(Errno.EIO, () -> Task.await(store.createSnapshot(first, Map.of())));
            world.device.failWrites(false);
            assertThat(Task.call(store::blobIds)).containsExactly(first, second);
            Task.await(store.deleteBlob(second));
            assertThat(Task.call(store::freeClusters)).isEqualTo(free + 3);
            Task.await(store.unload());
            return true;
        });
    }

    @Test
    void aDamagedBlobIsSetAsideAndTheOthersAreLoaded() throws Exception {
        boolean _ = world.run(() -> {
            byte[] bad = image.clone();
            bad[METADATA + 100] ^= 1;
            world.device.reset(bad);
            Blobstore store = world.load();
            assertThat(Task.call(store::blobIds)).containsExactly(second);
            assertThatThrownBy(() -> Task.await(store.openBlob(first)))
                    .isInstanceOfSatisfying(
                            SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EILSEQ))
                    .hasMessageContainingAll(first.toString(), "checksum");
            // Its root page is not given to another blob.
            BlobId third = Task.await(store.createBlob(BlobOptions.DEFAULT));
            assertThat(third).isNotIn(first, second);
            Task.await(store.unload());
            return true;
        });
    }

    /** Pages are read ahead for blobs that are near each other. */
    @Test
    void aPageOfNoBlobNeedNotBeRead() throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(image);
            Blobstore store = world.load();
            BlobId third = Task.await(store.createBlob(BlobOptions.DEFAULT));
            Task.await(store.deleteBlob(second));
            Task.await(store.unload());
            world.device.failReads(METADATA + 4096 * (int) second.value(), 4096);
            Blobstore again = world.load();
            assertThat(Task.call(again::blobIds)).containsExactly(first, third);
            assertThat(Task.call(again::damagedBlobs)).isEmpty();
            Task.await(again.unload());
            world.device.failReads(METADATA + 4096 * (int) third.value(), 4096);
            fails(Errno.EIO, world::load);
            world.device.failReads(0, 0);
            return true;
        });
    }

    @Test
    void masksInTheSamePagesAreRefused() {
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(44, 2); // pages of the mask of clusters
        PowerCutWorld.seal(image, 0);
        world.device.reset(image);
        assertThatThrownBy(() -> world.run(world::load))
                .hasStackTraceContaining("masks in the same pages")
                .hasStackTraceContaining("EILSEQ");
    }

    @Test
    void aSuperBlobThatCanBeNoneIsSaid() throws Exception {
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putLong(20, -2);
        PowerCutWorld.seal(image, 0);
        world.device.reset(image);
        boolean _ = world.run(() -> {
            Blobstore store = world.load();
            fails(Errno.EILSEQ, () -> Task.await(store.superBlob()));
            Task.await(store.setSuperBlob(first));
            assertThat(Task.await(store.superBlob())).contains(first);
            Task.await(store.unload());
            return true;
        });
    }

    /** It would be removed, since the blob of which it is to be a snapshot does not stand on it. */
    @Test
    void aHalfMadeSnapshotOnWhichAnotherStandsIsSetAside() throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(image);
            Blobstore store = world.load();
            BlobId snapshot = Task.await(store.createSnapshot(first, Map.of()));
            byte[] bad = world.device.content();
            Task.await(store.unload());
            addInternal(bad, snapshot, "SNAPTMP", second.value());
            world.device.reset(bad);
            for (int i = 0; i < 2; i++) {
                Blobstore again = world.load();
                assertThat(Task.call(again::blobIds)).containsExactly(second);
                assertThat(Task.call(again::damagedBlobs)).containsOnlyKeys(first, snapshot);
                assertThat(Task.call(again::damagedBlobs).get(snapshot)).contains("others stand on it");
                Task.await(again.unload());
            }
            return true;
        });
    }

    /** So many can only be somebody's doing. What each costs is bounded by their number. */
    @Test
    void ofManyHalfMadeSnapshotsSomeWaitForTheNextLoad() throws Exception {
        PowerCutBdev many = PowerCutBdev.ofBytes(400 * 4096);
        Bdev bdev =
                world.app.call(() -> many.register(world.app.bdevs(), "Many")).get(10, TimeUnit.SECONDS);
        BlobstoreOptions options = PowerCutWorld.OPTIONS.withMetadataPages(200, 0);
        boolean _ = world.run(() -> {
            Blobstore store = Task.await(Blobstore.init(world.app, world.thread, bdev.name(), options));
            BlobId clone = Task.await(store.createBlob(BlobOptions.DEFAULT));
            List<BlobId> halves = new ArrayList<>();
            for (int i = 0; i < 130; i++) {
                halves.add(Task.await(store.createBlob(BlobOptions.DEFAULT)));
            }
            Task.await(store.unload());
            byte[] bad = many.content();
            halves.forEach(half -> addInternal(bad, half, "SNAPTMP", clone.value()));
            many.reset(bad);
            Blobstore first = Task.await(Blobstore.load(world.app, world.thread, bdev.name(), options));
            assertThat(Task.call(first::blobIds)).containsExactly(clone);
            assertThat(Task.call(first::damagedBlobs))
                    .hasSize(2)
                    .allSatisfy((_, why) ->
                            assertThat(why).contains("has 128 snapshots half made before it, the most for a load"));
            Task.await(first.unload());
            Blobstore again = Task.await(Blobstore.load(world.app, world.thread, bdev.name(), options));
            assertThat(Task.call(again::blobIds)).containsExactly(clone);
            assertThat(Task.call(again::damagedBlobs)).isEmpty();
            Task.await(again.unload());
            return true;
        });
    }

    private static void addInternal(byte[] image, BlobId blob, String name, long value) {
        int page = METADATA + 4096 * (int) blob.value();
        int at = page + 16;
        int length = 4 + name.length() + 8;
        System.arraycopy(image, at, image, at + 5 + length, 1000);
        ByteBuffer.wrap(image)
                .order(ByteOrder.LITTLE_ENDIAN)
                .position(at)
                .put((byte) 4)
                .putInt(length)
                .putShort((short) name.length())
                .putShort((short) 8)
                .put(name.getBytes(StandardCharsets.US_ASCII))
                .putLong(value);
        PowerCutWorld.seal(image, page);
    }

    /** SPDK keeps what applications set apart from what it sets itself, and lets them use its names. */
    @Test
    void attributesOfAnyNameAreShown() throws Exception {
        boolean _ = world.run(() -> {
            Blobstore store = world.init();
            BlobId id = Task.await(store.createBlob(BlobOptions.DEFAULT.withXattr("SNAX", new byte[] {1, 2, 3})));
            Task.await(store.unload());
            byte[] foreign = world.device.content();
            for (int i = METADATA; i < METADATA + 4096; i++) {
                if (foreign[i] == 'S' && foreign[i + 3] == 'X') {
                    foreign[i + 3] = 'P';
                }
            }
            PowerCutWorld.seal(foreign, METADATA);
            world.device.reset(foreign);
            Blobstore again = world.load();
            Blob blob = Task.await(again.openBlob(id));
            assertThat(Task.call(blob::xattrNames)).containsExactly("SNAP");
            assertThat(Task.call(() -> blob.xattr("SNAP"))).containsExactly(1, 2, 3);
            assertThat(Task.call(() -> again.parentSnapshot(id))).isEmpty();
            Task.await(blob.close());
            assertThat(world.look(again, new long[1])).containsOnlyKeys(id);
            Blob open = Task.await(again.openBlob(id));
            assertThat(Task.call(() -> {
                        open.removeXattr("SNAP");
                        return open.xattrNames();
                    }))
                    .isEmpty();
            Task.await(open.close());
            Task.await(again.unload());
            return true;
        });
    }

    @Test
    void whateverTheMetadataIsLoadingEnds() throws Exception {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 150; round++) {
            byte[] bad = image.clone();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                int page = METADATA + 4096 * random.nextInt(3);
                bad[page + random.nextInt(random.nextBoolean() ? 160 : 4096)] = (byte) random.nextInt();
                if (random.nextInt(4) > 0) {
                    PowerCutWorld.seal(bad, page);
                }
            }
            boolean _ = world.run(() -> {
                world.device.reset(bad);
                Blobstore store = world.load();
                assertThat(Task.call(store::blobIds).size()).isLessThanOrEqualTo(PAGES);
                var _ = world.look(store, new long[1]);
                Task.await(store.unload());
                return true;
            });
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void fails(int errno, Step step) {
        assertThatThrownBy(step::run)
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> assertThat(Errno.name(e.errno()))
                                .as(e.getMessage())
                                .isEqualTo(Errno.name(errno)));
    }
}
