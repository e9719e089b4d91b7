// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import dev.spdkio.Engine;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The stage of one simulation: threads, the disk, the store. One OS thread. */
final class BlobWorld {
    private static final int METADATA_PAGES = 40;
    private static final int MOST_TURNS = 2_000_000;
    private static final Duration TURN = Duration.ofNanos(10_000);

    final SimulatedRuntime rt;
    final SpdkThread metadata;
    final DmaPool pool;
    final BdevManager bdevs;
    final Disk disk;
    final List<SpdkThread> workers = new ArrayList<>();
    final List<BlobChannel> channels = new ArrayList<>();
    final List<Known> blobs = new ArrayList<>();
    final BlobstoreOptions options;

    /** Whether the disk may fail, and not only be late and full. */
    final boolean mayFail;

    Blobstore store;
    long steps;
    long requests;
    long succeeded;
    long checked;
    long digest = 17;

    /** Requests and operations under way. */
    int pending;

    @Nullable
    String violation;

    private final SplittableRandom whims;
    private final boolean cached;
    private final SpdkThread app;

    BlobWorld(long seed) {
        SplittableRandom r = new SplittableRandom(seed);
        whims = r.split();
        rt = SimulatedRuntime.create(1 + r.nextInt(3), r.nextLong());
        app = rt.createThread("app");
        metadata = r.nextBoolean() ? app : rt.createThread("metadata");
        for (int i = r.nextInt(3); i >= 0; i--) {
            workers.add(rt.createThread("worker" + i));
        }
        pool = DmaPool.builder()
                .name("simulation")
                .limitBytes(8 << 20)
                .slabBytes(2 << 20)
                .pages(PageKind.NORMAL)
                .build();
        bdevs = BdevManager.create(
                rt,
                app,
                pool,
                BdevOptions.DEFAULT
                        .withBdevIoPoolSize(r.nextBoolean() ? 1 + r.nextInt(8) : 256)
                        .withBdevIoCacheSize(1 + r.nextInt(16)));
        int clusterSize = 4096 << r.nextInt(3);
        options = BlobstoreOptions.DEFAULT
                .withClusterSize(clusterSize)
                .withMetadataPages(METADATA_PAGES, 0)
                .withLimits(1, 1 + r.nextInt(8));
        mayFail = r.nextBoolean();
        cached = r.nextBoolean();
        int clusters = METADATA_PAGES * 4096 / clusterSize + 4 + 20 + r.nextInt(60);
        disk = new Disk(new byte[clusters * clusterSize], r.split());
        var _ = register("disk", disk);
        store = open("disk", Mode.INIT);
        workers.forEach(w -> channels.add(rt.call(w, store::openChannel)));
    }

    private Bdev register(String name, Disk d) {
        return rt.call(
                app,
                () -> bdevs.register(
                        BdevSpec.builder(name, Disk.BLOCK, d.bytes.length / Disk.BLOCK)
                                .productName("Simulated disk")
                                .writeCache(cached)
                                .build(),
                        d));
    }

    Blobstore open(String name, Mode mode) {
        return rt.await(BlobstoreProvider.of(Engine.JAVA).orElseThrow().openOn(bdevs, metadata, name, options, mode));
    }

    /** The store that was on the disk when it had those bytes. */
    Blobstore openCopy(byte[] bytes) {
        var _ = register("copy", new Disk(bytes, whims.split()));
        return open("copy", Mode.LOAD);
    }

    int unitsPerCluster() {
        return (int) store.ioUnitsPerCluster();
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    /** Lets somebody have a turn, or a little time pass. */
    void step(SplittableRandom r) {
        steps++;
        int what = r.nextInt(16);
        if (what < 10) {
            List<SpdkThread> all = rt.threads();
            rt.poll(all.get(r.nextInt(all.size())));
        } else if (what < 13) {
            rt.poll(rt.reactors().get(r.nextInt(rt.reactors().size())));
        } else {
            rt.advance(Duration.ofNanos(1 + r.nextInt(20_000)));
        }
    }

    /** Lets everything end that is under way. */
    void rest() {
        for (int turns = 0; pending > 0; turns++) {
            if (turns > MOST_TURNS) {
                throw new AssertionError(pending + " requests or operations do not end");
            }
            rt.runFor(TURN);
            steps++;
            check();
        }
    }

    void check() {
        String wrong = violation;
        if (wrong != null) {
            throw new AssertionError(wrong);
        }
    }

    void violation(String what) {
        violation = violation == null ? what : violation;
    }

    void note(long value) {
        digest = digest * 31 + value;
    }

    <T> T await(CompletableFuture<T> future) {
        return rt.await(future);
    }

    // ---- content ----------------------------------------------------------------------------------------------------

    static void fill(DmaBuf buf, int value) {
        for (long at = 0; at < buf.size(); at += Integer.BYTES) {
            buf.segment().set(ValueLayout.JAVA_INT, at, value);
        }
    }

    /** What a unit is filled with; -1 if not with one number. */
    static int value(DmaBuf buf, int unit) {
        long at = (long) unit * Disk.BLOCK;
        int value = buf.segment().get(ValueLayout.JAVA_INT, at);
        for (int i = 4; i < Disk.BLOCK; i += 4) {
            if (buf.segment().get(ValueLayout.JAVA_INT, at + i) != value) {
                return -1;
            }
        }
        return value;
    }

    /** Compares what is read with what may be there. */
    void see(Known k, DmaBuf buf, int from, int count, String when) {
        for (int u = from; u < Math.min(from + count, k.units.size()); u++) {
            int value = value(buf, u - from);
            checked++;
            note(value);
            if (!k.see(u, value)) {
                violation(k + " reads " + value + " in io unit " + u + " " + when + ", where there may be "
                        + k.units.get(u));
                return;
            }
        }
    }
}
