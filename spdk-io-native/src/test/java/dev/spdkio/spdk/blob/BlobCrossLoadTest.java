// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.check.BlobstoreCheck;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.Seeded;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * SPDK's blobstore and that in Java do the same: the same script leads to the same bytes, and what one left on a
 * device, unloaded or not, the other loads.
 */
@Timeout(300)
class BlobCrossLoadTest {
    private static final int DEVICE_BYTES = 32 << 20;
    private static final int CLUSTER = 64 << 10;
    private static final BlobstoreOptions OPTIONS = BlobstoreOptions.DEFAULT.withClusterSize(CLUSTER);

    private SpdkApp app;
    private SpdkThread thread;
    private BlobstoreProvider c;
    private BlobstoreProvider java;
    private final List<Bdev> bdevs = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        NativeApp.assumeSince(
                "v25.05", "has other bytes in its super block, and unmaps differently (see docs/spdk.md)");
        app = NativeApp.get();
        thread = app.runtime().createThread("cross");
        c = BlobstoreProvider.of(Engine.SPDK).orElseThrow();
        java = BlobstoreProvider.of(Engine.JAVA).orElseThrow();
    }

    @AfterEach
    void stop() throws Exception {
        if (thread != null) {
            thread.exit().get(30, TimeUnit.SECONDS);
            for (Bdev b : bdevs) {
                NativeApp.rpc("bdev_malloc_delete", Map.of("name", b.name()));
            }
        }
    }

    private Bdev device(String name) throws Exception {
        Bdev b = NativeApp.make(
                name, "bdev_malloc_create", Map.of("name", name, "num_blocks", DEVICE_BYTES / 512, "block_size", 512));
        bdevs.add(b);
        return b;
    }

    private Blobstore open(BlobstoreProvider who, Bdev on, Mode mode) throws Exception {
        return who.open(app, thread, on.name(), OPTIONS, mode).get(30, TimeUnit.SECONDS);
    }

    private void unload(Blobstore store) throws Exception {
        var _ = store.unload().get(30, TimeUnit.SECONDS);
    }

    @Test
    @Seeded
    void theSameScriptLeadsToTheSameBytes(RandomGenerator random) throws Exception {
        Bdev ofC = device("CrossC");
        Bdev ofJava = device("CrossJava");
        Bdev copy = device("CrossCopy");
        for (int round = 0; round < 4; round++) {
            long seed = random.nextLong();
            Blobstore a = open(c, ofC, Mode.INIT);
            Blobstore b = open(java, ofJava, Mode.INIT);
            for (int part = 0; part < 3; part++) {
                BlobCrossScript scriptOfC = new BlobCrossScript(app, thread, a, seed + part, round % 2 == 0);
                BlobCrossScript scriptOfJava = new BlobCrossScript(app, thread, b, seed + part, round % 2 == 0);
                for (int i = 0; i < 40; i++) {
                    String did = scriptOfC.step();
                    assertThat(scriptOfJava.step()).isEqualTo(did);
                }
                String where = "round " + round + ", part " + part;
                var seenByC = scriptOfC.look();
                assertThat(scriptOfJava.look()).as(where).isEqualTo(seenByC);
                // As after a crash: each by the other.
                DeviceBytes.copy(app, thread, ofC, copy);
                check(copy, Severity.RECOVERABLE, seenByC.size() - 1);
                Blobstore crashed = open(java, copy, Mode.LOAD);
                assertThat(new BlobCrossScript(app, thread, crashed, 0, false).look())
                        .as("left by SPDK, recovered by Java: " + where)
                        .isEqualTo(seenByC);
                unload(crashed);
                crashed = open(c, copy, Mode.LOAD);
                assertThat(new BlobCrossScript(app, thread, crashed, 0, false).look())
                        .as("recovered by Java, loaded by SPDK: " + where)
                        .isEqualTo(seenByC);
                unload(crashed);
                check(copy, Severity.NOTE, seenByC.size() - 1);
                DeviceBytes.copy(app, thread, ofJava, copy);
                check(copy, Severity.RECOVERABLE, seenByC.size() - 1);
                crashed = open(c, copy, Mode.LOAD);
                assertThat(new BlobCrossScript(app, thread, crashed, 0, false).look())
                        .as("left by Java, recovered by SPDK: " + where)
                        .isEqualTo(seenByC);
                unload(crashed);
                unload(a);
                unload(b);
                DeviceBytes.same(app, thread, ofC, ofJava, where);
                check(ofC, Severity.NOTE, seenByC.size() - 1);
                // And unloaded: each goes on with what the other has made.
                Bdev keep = ofC;
                ofC = ofJava;
                ofJava = keep;
                a = open(c, ofC, Mode.LOAD);
                b = open(java, ofJava, Mode.LOAD);
            }
            unload(a);
            unload(b);
        }
    }

    /** What either left is sound when it was unloaded, and else only to be recovered. */
    private void check(Bdev bdev, Severity verdict, int blobs) throws Exception {
        CheckReport report = BlobstoreCheck.examine(app.bdevs(), thread, bdev.name(), RepairOptions.DEFAULT)
                .get(30, TimeUnit.SECONDS);
        assertThat(report.verdict()).as(report.toString()).isEqualTo(verdict);
        assertThat(report.store()).isNotNull();
        assertThat(report.store().blobs()).isEqualTo(blobs);
    }
}
