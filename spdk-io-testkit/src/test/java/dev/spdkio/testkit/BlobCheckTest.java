// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.check.BlobstoreCheck;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.Finding;
import dev.spdkio.blob.check.Remedy;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.check.Subject;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores damaged in every way that has a name: what is found, what a load then does, and what a repair leaves. */
@Timeout(300)
class BlobCheckTest {
    private static final BlobId TABLE = new BlobId(0x1_0000_0000L);
    private static final BlobId CLONE = new BlobId(0x1_0000_0002L);
    private static final BlobId SNAPSHOT = new BlobId(0x1_0000_0003L);
    private static final BlobId CHAIN = new BlobId(0x1_0000_0004L);

    private static final RepairOptions DROP = RepairOptions.DEFAULT.withDropDamaged();
    private static final int SUPER_BLOB = 20;

    private PowerCutWorld world;
    private byte[] unloaded;
    private byte[] crashed;

    @BeforeEach
    void prepare() throws Exception {
        world = new PowerCutWorld();
        boolean _ = world.run(() -> {
            Blobstore store = world.init();
            assertThat(Task.await(store.createBlob(BlobOptions.ofClusters(2)))).isEqualTo(TABLE);
            assertThat(Task.await(store.createBlob(BlobOptions.ofClusters(3).withExtentTable(false))))
                    .isEqualTo(CLONE);
            assertThat(Task.await(store.createSnapshot(CLONE, Map.of()))).isEqualTo(SNAPSHOT);
            assertThat(Task.await(store.createBlob(BlobOptions.ofClusters(2)
                            .withExtentTable(false)
                            .withXattr("one", new byte[3000])
                            .withXattr("two", new byte[3000]))))
                    .isEqualTo(CHAIN);
            Task.await(store.setSuperBlob(TABLE));
            crashed = world.device.content();
            Task.await(store.unload());
            unloaded = world.device.content();
            return true;
        });
    }

    @AfterEach
    void close() throws Exception {
        world.close();
    }

    private CheckReport examine(RepairOptions options) throws Exception {
        byte[] before = world.device.content();
        CheckReport report =
                Task.await(BlobstoreCheck.examine(world.app.bdevs(), world.thread, world.bdevName(), options));
        assertThat(world.device.content()).as("an examination writes nothing").isEqualTo(before);
        return report;
    }

    private CheckReport examine() throws Exception {
        return examine(RepairOptions.DEFAULT);
    }

    private CheckReport repair(RepairOptions options) throws Exception {
        return Task.await(BlobstoreCheck.repair(world.app.bdevs(), world.thread, world.bdevName(), options));
    }

    /** What a load finds. */
    private TreeMap<BlobId, PowerCutWorld.Seen> look() throws Exception {
        Blobstore store = world.load();
        long[] allocated = new long[1];
        TreeMap<BlobId, PowerCutWorld.Seen> all = world.look(store, allocated);
        assertThat(Task.call(() -> store.totalClusters() - store.freeClusters()))
                .as("no cluster is lost")
                .isGreaterThanOrEqualTo(allocated[0]);
        Task.await(store.unload());
        return all;
    }

    // ---- the ways -------------------------------------------------------------------------------------------------

    private interface Harm {
        void to(StoreImage image);
    }

    /**
     * A way.
     *
     * @param unloaded whether it is done to a store that was unloaded, and not to one that was not
     * @param text a part of what is found
     * @param left the blobs that are there after a repair that drops what is damaged
     */
    private record Way(
            String name,
            boolean unloaded,
            Harm harm,
            Severity severity,
            String text,
            List<BlobId> left,
            RepairOptions how) {
        @Override
        public String toString() {
            return name + (unloaded ? "" : ", not unloaded");
        }
    }

    private static Way way(String name, boolean unloaded, Harm harm, Severity severity, String text, BlobId... left) {
        return new Way(name, unloaded, harm, severity, text, List.of(left), DROP);
    }

    private static Stream<Way> both(String name, Harm harm, String text, BlobId... left) {
        return Stream.of(true, false).map(u -> way(name, u, harm, Severity.DAMAGE, text, left));
    }

    private static int page(BlobId id) {
        return StoreImage.page(id.value());
    }

    private static Way mendable(String name, Harm harm, String text) {
        return way(name, true, harm, Severity.RECOVERABLE, text, TABLE, CLONE, SNAPSHOT, CHAIN);
    }

    static Stream<Way> ways() {
        int own = StoreImage.CLUSTER_MASK;
        return Stream.of(
                        both(
                                "a root",
                                i -> i.flip(page(TABLE) + 100),
                                "root page with a wrong",
                                CLONE,
                                SNAPSHOT,
                                CHAIN),
                        both(
                                "a chain",
                                i -> i.flip(StoreImage.page(i.next(CHAIN.value())) + 9),
                                "wrong checksum",
                                TABLE,
                                CLONE,
                                SNAPSHOT),
                        both(
                                "a loop",
                                i -> i.put32(page(CHAIN) + 4088, 4).seal(page(CHAIN)),
                                "page 4 twice",
                                TABLE,
                                CLONE,
                                SNAPSHOT),
                        both(
                                "chains that cross",
                                i -> i.put32(page(CHAIN) + 4088, 0).seal(page(CHAIN)),
                                "a page of blob " + TABLE,
                                TABLE,
                                CLONE,
                                SNAPSHOT),
                        both(
                                "a chain that leaves",
                                i -> i.put32(page(CHAIN) + 4088, 24).seal(page(CHAIN)),
                                "page 24 of 24",
                                TABLE,
                                CLONE,
                                SNAPSHOT),
                        both(
                                "a page of a map",
                                i -> i.flip(StoreImage.page(1) + 30),
                                "page 0 of its map broken",
                                CLONE,
                                SNAPSHOT,
                                CHAIN),
                        both(
                                "a cluster far away",
                                i -> i.firstCluster(SNAPSHOT.value(), 5000),
                                "cluster 5000 where 28 to 95",
                                TABLE,
                                CHAIN),
                        both(
                                "a cluster of two",
                                i -> i.firstCluster(SNAPSHOT.value(), 28),
                                "clusters 28 to 29 are of blob " + TABLE + " and of blob " + SNAPSHOT,
                                TABLE,
                                CHAIN),
                        both(
                                "a parent that is gone",
                                i -> i.zero(page(SNAPSHOT)),
                                "stands on blob " + SNAPSHOT,
                                TABLE,
                                CHAIN),
                        Stream.of(
                                way(
                                        "nothing",
                                        false,
                                        _ -> {},
                                        Severity.RECOVERABLE,
                                        "was not unloaded",
                                        TABLE,
                                        CLONE,
                                        SNAPSHOT,
                                        CHAIN),
                                way(
                                        "a root that is gone",
                                        true,
                                        i -> i.zero(page(TABLE)),
                                        Severity.DAMAGE,
                                        "is in the mask of blobs, but its first page",
                                        CLONE,
                                        SNAPSHOT,
                                        CHAIN),
                                mendable(
                                        "a first blob that is none",
                                        i -> i.put64(SUPER_BLOB, 0x1_0000_0009L).seal(0),
                                        "the first blob is to be 0x100000009"),
                                mendable(
                                        "a leaked cluster",
                                        i -> i.bit(own, 90, true),
                                        "cluster 90 is used in the mask"),
                                mendable(
                                        "leaked clusters",
                                        i -> i.bit(own, 90, true).bit(own, 91, true),
                                        "clusters 90 to 91 are used in the mask, and of no blob"),
                                mendable(
                                        "a cluster said to be free",
                                        i -> i.bit(own, 28, false),
                                        "cluster 28 is used, but free"),
                                mendable(
                                        "a leaked page",
                                        i -> i.bit(StoreImage.PAGE_MASK, 20, true),
                                        "metadata page 20 is used in the mask"),
                                mendable(
                                        "a page said to be free",
                                        i -> i.bit(StoreImage.PAGE_MASK, 5, false),
                                        "metadata page 5 is used, but free"),
                                mendable(
                                        "a blob that is not in the mask",
                                        i -> i.bit(StoreImage.BLOB_MASK, 4, false),
                                        "blob " + CHAIN + " is whole, but not in the mask"),
                                mendable("a mask of another kind", i -> i.flip(own), "the mask of CLUSTERS has type 0"),
                                mendable("a super block in part", i -> i.put64(SUPER_BLOB, -1), "written in part"),
                                new Way(
                                        "a super block",
                                        true,
                                        i -> i.flip(3000),
                                        Severity.DAMAGE,
                                        "a wrong checksum, but all",
                                        List.of(TABLE, CLONE, SNAPSHOT, CHAIN),
                                        DROP.withAcceptSuperBlock())))
                .flatMap(w -> w);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void isFoundAndMended(Way way) throws Exception {
        StoreImage image = new StoreImage(way.unloaded ? unloaded : crashed);
        way.harm.to(image);
        boolean _ = world.run(() -> {
            world.device.reset(image.bytes());
            CheckReport found = examine(way.how);
            assertThat(found.verdict()).as(found.toString()).isEqualTo(way.severity);
            assertThat(found.findings()).extracting(Finding::text).anyMatch(t -> t.contains(way.text));
            agreesWithALoad(found);

            world.device.reset(image.bytes());
            assertThat(repair(way.how)).isEqualTo(found);
            assertThat(found.plan()).isNotEmpty();
            List<PowerCutBdev.Cut> cuts = new ArrayList<>();
            for (int n = 0; n <= world.device.eventCount(); n++) {
                cuts.add(world.device.cut(n, PowerCutBdev.BLOCK_BYTES));
            }
            CheckReport after = examine();
            assertThat(after.isSound()).as(after.toString()).isTrue();
            assertThat(after.plan()).isEmpty();
            TreeMap<BlobId, PowerCutWorld.Seen> blobs = look();
            assertThat(blobs.keySet()).containsExactlyElementsOf(new TreeSet<>(way.left));

            SplittableRandom random = new SplittableRandom(7);
            for (PowerCutBdev.Cut cut : cuts) {
                for (PowerCutImages.Image left : PowerCutImages.of(cut, random)) {
                    world.device.reset(left.content());
                    var _ = repair(way.how);
                    after = examine();
                    assertThat(after.isSound()).as(after.toString()).isTrue();
                    assertThat(look()).isEqualTo(blobs);
                }
            }
            return true;
        });
    }

    /** Loads what is there. */
    private void agreesWithALoad(CheckReport found) throws Exception {
        if (found.findings().stream().anyMatch(f -> f.remedy() == Remedy.ACCEPT_SUPER_BLOCK)) {
            assertThatThrownBy(world::load).isInstanceOf(SpdkException.class);
            return;
        }
        Blobstore store = world.load();
        Map<BlobId, String> damaged = Task.call(store::damagedBlobs);
        TreeSet<BlobId> lost = new TreeSet<>();
        TreeSet<BlobId> aside = new TreeSet<>();
        for (Finding f : found.findings()) {
            if (f.subject() == Subject.BLOB && f.blob() != null && f.severity() != Severity.NOTE) {
                (f.severity() == Severity.DAMAGE ? lost : aside).add(f.blob());
            }
        }
        assertThat(damaged.keySet()).containsAll(lost);
        aside.addAll(lost);
        assertThat(aside).containsAll(damaged.keySet());
        Task.await(store.unload());
    }

    // ---- and others -----------------------------------------------------------------------------------------------

    @Test
    void aStoreThatWasUnloadedIsSound() throws Exception {
        boolean _ = world.run(() -> {
            CheckReport report = examine(DROP);
            assertThat(report.isSound()).isTrue();
            assertThat(report.findings()).isEmpty();
            assertThat(report.plan()).isEmpty();
            CheckReport.Contents store = report.store();
            assertThat(store).isNotNull();
            assertThat(store.blobs()).isEqualTo(4);
            assertThat(store.usedPages()).isEqualTo(6);
            assertThat(store.usedClusters()).isEqualTo(28 + 2 + 3 + 2);
            return true;
        });
    }

    @Test
    void whatIsDamagedStaysUntilItIsDropped() throws Exception {
        boolean _ = world.run(() -> {
            StoreImage image = new StoreImage(unloaded).flip(page(CHAIN) + 200).bit(StoreImage.BLOB_MASK, 3, false);
            world.device.reset(image.bytes());
            CheckReport report = repair(RepairOptions.DEFAULT);
            assertThat(report.plan()).contains("keep used what damaged blobs may have");
            byte[] repaired = world.device.content();
            List<PowerCutBdev.Cut> cuts = new ArrayList<>();
            for (int n = 0; n <= world.device.eventCount(); n++) {
                cuts.add(world.device.cut(n, PowerCutBdev.BLOCK_BYTES));
            }
            for (PowerCutBdev.Cut cut : cuts) {
                for (PowerCutImages.Image left : PowerCutImages.of(cut, new SplittableRandom(1))) {
                    world.device.reset(left.content());
                    var _ = repair(RepairOptions.DEFAULT);
                    assertThat(world.device.content()).isEqualTo(repaired);
                }
            }
            CheckReport after = examine();
            assertThat(after.verdict()).isEqualTo(Severity.DAMAGE);
            assertThat(after.plan()).isEmpty();
            assertThat(after.findings())
                    .extracting(Finding::text)
                    .anyMatch(t -> t.matches("clusters .* are used in the mask, and of no blob that can be read"));
            Blobstore store = world.load();
            assertThat(Task.call(store::freeClusters)).isEqualTo(96 - 28 - 2 - 3 - 2);
            Task.await(store.unload());
            assertThatThrownBy(() -> examine(RepairOptions.DEFAULT.withDrop(List.of(TABLE))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("blob " + TABLE + " of the store on bdev PowerCut is not damaged");
            assertThat(repair(RepairOptions.DEFAULT.withDrop(List.of(CHAIN))).dropped())
                    .containsExactly(CHAIN);
            assertThat(examine().isSound()).isTrue();
            store = world.load();
            assertThat(Task.call(store::freeClusters)).isEqualTo(96 - 28 - 2 - 3);
            Task.await(store.unload());
            return true;
        });
    }

    @Test
    void aRepairThatDidNotEndFreesNothingOfOthersThatAreDamaged() throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(new StoreImage(unloaded)
                    .flip(page(TABLE) + 200)
                    .flip(page(CHAIN) + 200)
                    .bytes());
            var _ = repair(RepairOptions.DEFAULT.withDrop(List.of(TABLE)));
            List<PowerCutBdev.Cut> cuts = new ArrayList<>();
            for (int n = 0; n <= world.device.eventCount(); n++) {
                cuts.add(world.device.cut(n, 4096));
            }
            for (PowerCutBdev.Cut cut : cuts) {
                for (PowerCutImages.Image left : PowerCutImages.of(cut, new SplittableRandom(1))) {
                    world.device.reset(left.content());
                    Blobstore store = world.load();
                    assertThat(Task.call(store::damagedBlobs)).containsKey(CHAIN);
                    assertThat(Task.call(store::freeClusters)).isLessThanOrEqualTo(96 - 28 - 3 - 2);
                    Task.await(store.unload());
                }
            }
            return true;
        });
    }

    @Test
    void ofTwoBlobsWithOneClusterEitherCanBeDropped() throws Exception {
        boolean _ = world.run(() -> {
            StoreImage image = new StoreImage(unloaded).firstCluster(SNAPSHOT.value(), 28);
            world.device.reset(image.bytes());
            RepairOptions options = RepairOptions.DEFAULT.withDrop(List.of(TABLE));
            assertThat(repair(options).plan()).contains("give up blob " + TABLE + ": clear its first page");
            assertThat(examine().isSound()).isTrue();
            assertThat(look().keySet()).containsExactly(CLONE, SNAPSHOT, CHAIN);
            return true;
        });
    }

    @Test
    void whatCannotBeReadIsToldAndNothingIsRepaired() throws Exception {
        boolean _ = world.run(() -> {
            world.device.failReads(page(TABLE) + 600, 10);
            CheckReport report = examine(DROP);
            assertThat(report.verdict()).isEqualTo(Severity.DAMAGE);
            assertThat(report.findings())
                    .anyMatch(
                            f -> f.remedy() == Remedy.DEVICE && f.text().startsWith("metadata page 0 cannot be read"));
            assertThat(report.plan()).isEmpty();
            assertThat(report.store().blobs()).isEqualTo(3);
            byte[] before = world.device.content();
            assertThat(repair(DROP)).isEqualTo(report);
            assertThat(world.device.content()).isEqualTo(before);
            world.device.failReads(5, 10);
            assertThat(examine().findings().getFirst().text()).startsWith("the super block cannot be read");
            world.device.failReads(0, 0);
            return true;
        });
    }

    @Test
    void withoutASuperBlockThereIsNothing() throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(new StoreImage(unloaded).zero(0).bytes());
            CheckReport report = repair(DROP.withAcceptSuperBlock());
            assertThat(report.verdict()).isEqualTo(Severity.DAMAGE);
            assertThat(report.store()).isNull();
            assertThat(report.plan()).isEmpty();
            assertThat(report.findings().getFirst().text()).contains("version 0", "there is no store");
            return true;
        });
    }

    @Test
    void aStoreLargerThanItsDeviceIsReadAsFarAsItIsThere() throws Exception {
        boolean _ = world.run(() -> {
            StoreImage image = new StoreImage(unloaded);
            image.put64(80, 200L * StoreImage.PAGE).seal(0).firstCluster(SNAPSHOT.value(), 94);
            world.device.reset(image.bytes());
            CheckReport report = examine(DROP);
            assertThat(report.findings())
                    .extracting(Finding::text)
                    .contains(
                            "the device has 393216 bytes, and the store 819200",
                            "blob " + SNAPSHOT + " has 1 clusters beyond the end of the device");
            assertThat(report.plan()).isEmpty();
            return true;
        });
    }

    @Test
    void aLoadedStoreIsNotExamined() throws Exception {
        boolean _ = world.run(() -> {
            Blobstore store = world.load();
            assertThatThrownBy(() -> examine())
                    .isInstanceOf(SpdkException.class)
                    .hasMessageContaining("unload the store");
            Task.await(store.unload());
            return true;
        });
    }

    @Test
    void whatIsOnlyWorthKnowingIsANote() throws Exception {
        Bdev below = world.app
                .call(() -> PowerCutBdev.ofBytes(8 * StoreImage.PAGE).register(world.app.bdevs(), "Below"))
                .get(10, TimeUnit.SECONDS);
        BlobId outside = world.run(() -> {
            Blobstore store = Task.await(Blobstore.load(
                    world.app, world.thread, world.bdevName(), PowerCutWorld.OPTIONS.withExternalSnapshots()));
            BlobId id = Task.await(store.createBlob(BlobOptions.thin(2).withExternalSnapshot("Below")));
            Task.await(store.unload());
            return id;
        });
        world.app.bdevs().unregister(below).get(10, TimeUnit.SECONDS);
        boolean _ = world.run(() -> {
            StoreImage image = new StoreImage(world.device.content());
            int flags = image.descriptor(page(TABLE), 3);
            image.put64(flags + 8, 1L << 40).seal(page(TABLE)).flip(StoreImage.page(20) + 5);
            world.device.reset(image.bytes());
            CheckReport report = examine();
            assertThat(report.isSound()).isTrue();
            assertThat(report.findings())
                    .extracting(Finding::text)
                    .containsExactlyInAnyOrder(
                            "blob " + TABLE + " has flags of a later version, and cannot be changed",
                            "blob " + outside + " stands on the device 'Below', which is not there now",
                            "metadata page 20 is written in part, or overwritten; no blob has it, unless it was the"
                                    + " first of one that is gone");
            return true;
        });
    }

    /** Operations whose power is cut everywhere: what is found is what a load does, and a repair leaves the same. */
    @Test
    @Seeded
    void whatPowerCutsLeaveIsRecoverable(java.util.random.RandomGenerator random) throws Exception {
        boolean _ = world.run(() -> {
            world.device.reset(unloaded);
            Blobstore store = world.load();
            BlobId snapshot = Task.await(store.createSnapshot(TABLE, Map.of()));
            BlobId clone = Task.await(store.createClone(snapshot, Map.of()));
            Task.await(store.deleteBlob(clone));
            Task.await(store.deleteBlob(snapshot));
            Task.await(store.deleteBlob(SNAPSHOT));
            List<PowerCutBdev.Cut> cuts = new ArrayList<>();
            for (int n = 0; n <= world.device.eventCount(); n++) {
                cuts.add(world.device.cut(n, StoreImage.PAGE));
            }
            Task.await(store.unload());
            int halves = 0;
            for (PowerCutBdev.Cut cut : cuts) {
                for (PowerCutImages.Image left : PowerCutImages.of(cut, random)) {
                    world.device.reset(left.content());
                    CheckReport report = examine();
                    assertThat(report.verdict()).as(report.toString()).isNotEqualTo(Severity.DAMAGE);
                    halves += report.findings().stream().anyMatch(f -> f.subject() == Subject.SNAPSHOT) ? 1 : 0;
                    TreeMap<BlobId, PowerCutWorld.Seen> loaded = look();
                    assertThat(examine().isSound()).isTrue();
                    world.device.reset(left.content());
                    var _ = repair(RepairOptions.DEFAULT);
                    assertThat(examine().isSound()).isTrue();
                    assertThat(look()).isEqualTo(loaded);
                }
            }
            assertThat(halves).isPositive();
            return true;
        });
    }
}
