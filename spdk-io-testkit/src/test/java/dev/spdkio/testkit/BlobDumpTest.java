// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.check.BlobstoreCheck;
import dev.spdkio.blob.check.BlobstoreDump;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.runtime.Task;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The metadata of stores, right and wrong, as a dump tells it. */
@Timeout(120)
class BlobDumpTest {
    private PowerCutWorld world;
    private byte[] image;
    private byte[] crashed;

    @BeforeEach
    void prepare() throws Exception {
        world = new PowerCutWorld();
        image = world.run(() -> {
            Blobstore store = world.init();
            BlobId table =
                    Task.await(store.createBlob(BlobOptions.ofClusters(2).withXattr("n", new byte[] {'h', 'i'})));
            BlobId runs = Task.await(
                    store.createBlob(BlobOptions.thin(3).withExtentTable(false).withXattr("x", new byte[] {1, 2})));
            BlobId snapshot = Task.await(store.createSnapshot(runs, Map.of()));
            assertThat(List.of(table.value(), runs.value(), snapshot.value()))
                    .containsExactly(0x1_0000_0000L, 0x1_0000_0002L, 0x1_0000_0003L);
            crashed = world.device.content();
            Task.await(store.unload());
            return world.device.content();
        });
    }

    @AfterEach
    void close() throws Exception {
        world.close();
    }

    private Map<String, Object> store() throws Exception {
        return Task.await(BlobstoreDump.store(world.app.bdevs(), world.thread, world.bdevName()));
    }

    private List<Map<String, Object>> pages(int first, int count) throws Exception {
        return Task.await(BlobstoreDump.pages(world.app.bdevs(), world.thread, world.bdevName(), first, count));
    }

    @Test
    void theSuperBlockTheMasksAndThePagesAreTold() throws Exception {
        boolean _ = world.run(() -> {
            Map<String, Object> store = store();
            assertThat(store)
                    .containsEntry("problems", List.of())
                    .containsEntry("used_pages", 4)
                    .containsEntry("used_clusters", 30)
                    .containsEntry("blobs", 3);
            assertThat(store.get("super_block"))
                    .asString()
                    .contains("version=3, clean=true", "cluster_size=4096", "metadata_pages={start=4, length=24}");
            List<Map<String, Object>> pages = pages(0, 24);
            assertThat(pages).extracting(p -> p.get("page")).containsExactly(0, 1, 2, 3);
            assertThat(pages).allSatisfy(p -> assertThat(p).containsEntry("intact", true));
            assertThat(pages.get(0))
                    .containsEntry("blob", "0x100000000")
                    .containsEntry("offset", 4L * 4096)
                    .containsEntry("blob_used", true);
            assertThat(pages.get(0).get("descriptors"))
                    .hasToString("[{type=flags, invalid=0x4, data_read_only=0x0, metadata_read_only=0x0,"
                            + " names=[extent table]}, {type=xattr, name=n, length=2, value=hi},"
                            + " {type=extent_table, count=2, pages=[1]}]");
            assertThat(pages.get(1)).containsEntry("page_used", true).containsEntry("blob_used", false);
            assertThat(pages.get(1).get("descriptors")).hasToString("[{type=extent_page, place=0, clusters=[28-29]}]");
            assertThat(pages.get(2).get("descriptors"))
                    .asString()
                    .contains(
                            "{type=xattr, name=x, length=2, value=0x0102}",
                            "{type=internal_xattr, name=SNAP, length=8, value=0x100000003}",
                            "{type=extents, clusters=[none x 3]}");
            assertThat(pages(2, 1)).containsExactly(pages.get(2));
            assertThat(pages(24, 5)).isEmpty();
            assertThatThrownBy(() -> pages(0, BlobstoreDump.MAX_PAGES + 1))
                    .isInstanceOf(IllegalArgumentException.class);
            return true;
        });
    }

    @Test
    void whatIsWrongIsToldAsItIs() throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(new StoreImage(image)
                    .flip(StoreImage.page(2) + 300)
                    .flip(3000)
                    .bytes());
            assertThat(store().get("problems")).asString().contains("a wrong checksum");
            assertThat(pages(2, 1).getFirst()).containsEntry("intact", false);
            world.device.failReads(StoreImage.page(2), 1);
            assertThat(pages(2, 1).getFirst()).containsKey("unreadable");
            world.device.failReads(0, 0);
            world.device.reset(new StoreImage(image).zero(0).bytes());
            assertThat(store()).containsOnlyKeys("problems");
            assertThat(pages(0, 24)).isEmpty();
            return true;
        });
    }

    /** Whatever is there, a dump and a check end, and a repair that drops what is damaged leaves a sound store. */
    @Test
    @Seeded
    void whateverIsThereIsToldAndMended(RandomGenerator random) throws Exception {
        for (int round = 0; round < 300; round++) {
            byte[] bad = (random.nextBoolean() ? image : crashed).clone();
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                int page = 4096 * random.nextInt(1, 9);
                bad[page + random.nextInt(random.nextBoolean() ? 160 : 4096)] = (byte) random.nextInt();
                if (random.nextInt(4) > 0 && page >= StoreImage.METADATA) {
                    PowerCutWorld.seal(bad, page);
                }
            }
            boolean _ = world.run(() -> {
                world.device.reset(bad);
                assertThat(store()).containsKey("super_block");
                assertThat(pages(0, 24)).isNotEmpty();
                assertThat(world.device.content()).isEqualTo(bad);
                RepairOptions options = RepairOptions.DEFAULT.withDropDamaged();
                CheckReport report =
                        Task.await(BlobstoreCheck.repair(world.app.bdevs(), world.thread, world.bdevName(), options));
                CheckReport after =
                        Task.await(BlobstoreCheck.examine(world.app.bdevs(), world.thread, world.bdevName(), options));
                assertThat(after.isSound()).as(report + " then " + after).isTrue();
                Blobstore store = world.load();
                assertThat(Task.call(store::damagedBlobs)).isEmpty();
                var _ = world.look(store, new long[1]);
                Task.await(store.unload());
                return true;
            });
        }
    }
}
