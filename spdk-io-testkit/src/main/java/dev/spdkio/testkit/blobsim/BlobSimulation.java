// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaLeakReport;
import dev.spdkio.testkit.simulation.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A simulation of a blobstore on a device with whims, from the making of the store to the end of its memory pool.
 *
 * <p>Holds, whatever the seed: every request and operation ends, with a failure only for a reason; each io unit reads
 * as what the last write that succeeded left there, or one that failed or is under way since; snapshots keep what they
 * had; new space reads as zeroes; sizes, parents and attributes are as they were made; no cluster is lost or two
 * blobs', unless the device failed; all that is still there after a load; what the device had at some moment loads too,
 * with every blob that no operation was changing; nothing leaks.
 *
 * <p>Thread rule: each run on one OS thread, any number of runs side by side.
 */
public final class BlobSimulation {
    private static final int MOST_STEPS_BETWEEN = 12;

    /** What the device had at some moment, and the blobs that no operation was changing. */
    private static final class Moment {
        private final byte[] bytes;
        private final List<Known> blobs;

        Moment(byte[] bytes, List<Known> blobs) {
            this.bytes = bytes;
            this.blobs = blobs;
        }
    }

    private final BlobWorld w;
    private final Doings doings;

    private BlobSimulation(long seed) {
        this.w = new BlobWorld(seed);
        this.doings = new Doings(w);
    }

    /**
     * Simulates what a seed says.
     *
     * @throws AssertionError with the seed, if something is not as it must be
     */
    public static Report run(long seed) {
        return run(seed, 0);
    }

    /** @param loses how likely the device forgets a write */
    static Report run(long seed, double loses) {
        try {
            BlobSimulation s = new BlobSimulation(seed);
            s.w.disk.loses = loses;
            s.run(new SplittableRandom(~seed));
            BlobWorld w = s.w;
            return new Report(
                    1,
                    w.steps,
                    w.requests,
                    w.succeeded,
                    0,
                    0,
                    w.checked,
                    w.disk.faults,
                    w.digest * 31 + w.rt.clock().nanoTime());
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("blob simulation of seed " + seed + ": " + e, e);
        }
    }

    private void run(SplittableRandom r) {
        int actions = 60 + r.nextInt(240);
        int at = w.mayFail ? -1 : r.nextInt(actions);
        Moment moment = null;
        for (int i = 0; i < actions; i++) {
            doings.act(r);
            for (int steps = r.nextInt(MOST_STEPS_BETWEEN); steps > 0; steps--) {
                w.step(r);
                w.check();
            }
            if (i == at) {
                moment = moment();
            }
        }
        w.disk.noRoom = 0;
        w.disk.failure = 0;
        w.rest();
        w.blobs.stream().filter(k -> k.blob == null).forEach(doings::open);
        w.rest();
        w.blobs.forEach(k -> w.await(opened(k).sync()));
        look(w.store, w.blobs, true, "in the end");
        w.blobs.forEach(k -> w.await(opened(k).close()));
        w.await(w.store.unload());
        w.store = w.open("disk", Mode.LOAD);
        look(w.store, w.blobs, true, "after a load");
        w.await(w.store.unload());
        if (moment != null) {
            Blobstore copy = w.openCopy(moment.bytes);
            look(copy, moment.blobs, false, "of a moment");
            w.await(copy.unload());
        }
        end();
    }

    private static Blob opened(Known k) {
        Blob blob = k.blob;
        if (blob == null) {
            throw new AssertionError(k + " cannot be opened");
        }
        return blob;
    }

    private Moment moment() {
        List<Known> steady = new ArrayList<>();
        for (Known k : w.blobs) {
            if (!k.family.busy && !k.going) {
                Known copy = new Known(k.id, k.perCluster, k.thin, k.family);
                copy.copyUnits(k);
                copy.readOnly = k.readOnly;
                copy.parent = k.parent;
                steady.add(copy);
            }
        }
        return new Moment(w.disk.bytes.clone(), steady);
    }

    /** @param all whether there are no other blobs, and their attributes are known */
    private void look(Blobstore store, List<Known> blobs, boolean all, String when) {
        Set<BlobId> ids = new TreeSet<>(w.await(w.metadata.call(store::blobIds)));
        Set<BlobId> known = new TreeSet<>();
        blobs.forEach(k -> known.add(k.id));
        if (all ? !ids.equals(known) : !ids.containsAll(known)) {
            w.violation("there are blobs " + ids + " " + when + ", and not " + known);
        }
        w.check();
        BlobChannel channel = w.await(w.metadata.call(store::openChannel));
        for (Known k : blobs) {
            Blob blob = w.await(store.openBlob(k.id));
            look(k, blob, channel, all, when);
            w.await(blob.close());
            w.check();
        }
        count(store, ids, when);
        channel.close();
        w.await(channel.closed());
        w.check();
    }

    private void look(Known k, Blob blob, BlobChannel channel, boolean all, String when) {
        if (blob.clusters() != k.clusters()) {
            w.violation(k + " has " + blob.clusters() + " clusters " + when);
            return;
        }
        int count = k.units.size();
        if (count > 0) {
            try (DmaBuf buf = w.pool.allocate((long) count * Disk.BLOCK)) {
                BlobWorld.fill(buf, -2);
                w.await(channel.readAsync(blob, buf, 0, count));
                w.see(k, buf, 0, count, when);
            }
        }
        boolean _ = w.await(w.metadata.call(() -> {
            @Nullable BlobId parent = blob.store().parentSnapshot(k.id).orElse(null);
            Known expected = k.parent;
            if (expected == null ? parent != null : !expected.id.equals(parent)) {
                w.violation(k + " stands on " + parent + " " + when + ", and not on " + expected);
            }
            if (!blob.isThin() && blob.allocatedClusters() != blob.clusters()) {
                w.violation(k + " is not thin, and has " + blob.allocatedClusters() + " of its clusters " + when);
            }
            if (blob.isReadOnly() != k.readOnly) {
                w.violation(k + (k.readOnly ? " can be written " : " is read-only ") + when);
            }
            if (all && Doings.xattr(blob) != k.xattr) {
                w.violation(k + " has attribute " + Doings.xattr(blob) + " " + when + ", and not " + k.xattr);
            }
            return true;
        }));
    }

    /** After failures something may be nobody's until it is recovered. */
    private void count(Blobstore store, Set<BlobId> ids, String when) {
        long allocated = 0;
        for (BlobId id : ids) {
            Blob blob = w.await(store.openBlob(id));
            allocated += w.await(w.metadata.call(blob::allocatedClusters));
            w.await(blob.close());
        }
        long used = w.await(w.metadata.call(() -> store.totalClusters() - store.freeClusters()));
        if (w.mayFail ? used < allocated : used != allocated) {
            w.violation(used + " clusters are used " + when + ", and blobs have " + allocated);
        }
    }

    private void end() {
        w.await(w.bdevs.closeAsync());
        w.rt.close();
        DmaLeakReport leaks = w.pool.closeAsync().join();
        if (!leaks.isEmpty()) {
            w.violation("left open: " + leaks);
        }
        w.check();
    }
}
