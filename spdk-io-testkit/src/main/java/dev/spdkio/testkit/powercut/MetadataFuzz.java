// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/**
 * Loads stores whose metadata somebody changed, with checksums that are right. Whatever it is, loading ends, with the
 * store or with an {@link SpdkException} of a few kinds; a store that is loaded tells its blobs, each of which can be
 * opened and looked at or is refused in the same way; it can be written, is unloaded, and shows the same when it is
 * loaded again.
 *
 * <p>Thread rule: one OS thread.
 */
public final class MetadataFuzz implements AutoCloseable {
    /** No input takes longer, on a machine that has something else to do. */
    private static final long MOST_NANOS = 20_000_000_000L;

    /** Every so many stores are written. */
    private static final int WRITTEN = 8;

    /** There is no store, none of its type, or not for this device. */
    private static final Set<Integer> LOAD = Set.of(Errno.EILSEQ, Errno.ENXIO, Errno.EINVAL);

    /** Of blobs also: it stands on a device that is not there, or on any, or was being deleted. */
    private static final Set<Integer> OPEN =
            Set.of(Errno.EILSEQ, Errno.ENODEV, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.EBUSY);

    private static final Set<Integer> SUPER_BLOB = Set.of(Errno.EILSEQ);

    private static final Set<Integer> CREATE = Set.of(Errno.ENOSPC, Errno.ENOMEM);

    private final List<byte[]> images = MetadataImages.make();
    private CutWorld world = new CutWorld();
    private long inputs;
    private long loaded;
    private long blobs;
    private long refused;

    /** What is seen of a blob: itself, or the number of the error. */
    private sealed interface Sight {}

    private record Seen(View.Seen blob) implements Sight {}

    private record Refused(int errno) implements Sight {}

    /**
     * Loads what a seed makes of a store.
     *
     * @throws Violation if something is not as it must be
     */
    public void run(long seed) {
        run("seed " + seed, new SplittableRandom(seed));
    }

    /** The same with bytes that a fuzzer has made. */
    public void run(byte[] input) {
        run(input.length + " bytes", new GivenBytes(input));
    }

    private void run(String what, RandomGenerator random) {
        byte[] image = Mutator.change(images, random);
        long begin = System.nanoTime();
        try {
            load(image, random.nextInt(WRITTEN) == 0);
        } catch (RuntimeException | AssertionError | OutOfMemoryError e) {
            world = new CutWorld(); // whatever the other does
            throw new Violation("metadata of " + what + ": " + e, e);
        }
        inputs++;
        if (System.nanoTime() - begin > MOST_NANOS) {
            throw new Violation("metadata of " + what + " takes too long", null);
        }
    }

    private void load(byte[] image, boolean writes) {
        world.device.reset(image);
        Blobstore store;
        try {
            store = world.open(Mode.LOAD);
        } catch (CompletionException e) {
            var _ = expected(e, LOAD);
            if (!world.isIdle()) {
                throw new AssertionError("the device is still open", e);
            }
            return;
        }
        loaded++;
        if (writes) {
            write(store);
        }
        Map<BlobId, Sight> before = look(store);
        blobs += before.size();
        refused += before.values().stream().filter(Refused.class::isInstance).count();
        world.await(store.unload());
        Blobstore again = world.open(Mode.LOAD);
        Map<BlobId, Sight> after = look(again);
        world.await(again.unload());
        if (!before.equals(after)) {
            Map<BlobId, Sight> other = new TreeMap<>(after);
            other.entrySet().removeAll(before.entrySet());
            before.entrySet().removeAll(after.entrySet());
            throw new AssertionError("when it is loaded again, there is " + other + " and not " + before);
        }
    }

    private Map<BlobId, Sight> look(Blobstore store) {
        Map<BlobId, Sight> all = new TreeMap<>();
        BlobChannel channel = world.channel(store);
        try {
            var _ = world.await(store.superBlob());
        } catch (CompletionException e) {
            var _ = expected(e, SUPER_BLOB);
        }
        long used = world.call(() -> store.totalClusters() - store.freeClusters());
        if (used < 0) {
            throw new AssertionError(used + " clusters are used");
        }
        for (BlobId id : world.call(store::damagedBlobs).keySet()) {
            all.put(id, look(store, id, channel));
        }
        for (BlobId id : world.call(store::blobIds)) {
            if (all.put(id, look(store, id, channel)) != null) {
                throw new AssertionError("blob " + id + " is there, and damaged");
            }
        }
        return all;
    }

    private Sight look(Blobstore store, BlobId id, BlobChannel channel) {
        Blob blob;
        try {
            blob = world.await(store.openBlob(id));
        } catch (CompletionException e) {
            return new Refused(expected(e, OPEN));
        }
        View.Seen seen = world.look(blob, channel);
        world.await(blob.close());
        return new Seen(seen);
    }

    /** Uses some of what is free. */
    private void write(Blobstore store) {
        BlobChannel channel = world.channel(store);
        world.buf.fill((byte) 0xEE);
        try {
            BlobId id = world.await(store.createBlob(BlobOptions.thin(3).withXattr("new", new byte[3000])));
            Blob blob = world.await(store.openBlob(id));
            long per = store.ioUnitsPerCluster();
            CompletableFuture<Void> written =
                    channel.writeAsync(blob, world.buf, per, Math.min(per, world.buf.size() / store.ioUnitSize()));
            try {
                world.await(written);
            } finally {
                world.await(blob.close());
            }
        } catch (CompletionException e) {
            var _ = expected(e, CREATE);
        }
    }

    private static int expected(CompletionException e, Set<Integer> errnos) {
        if (e.getCause() instanceof SpdkException s && errnos.contains(s.errno())) {
            return s.errno();
        }
        throw e;
    }

    /** Stores that were tried so far. */
    public long inputs() {
        return inputs;
    }

    /** Those that could be loaded. */
    public long loaded() {
        return loaded;
    }

    /** What was done so far. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%,d inputs, %,d loaded, with %,d blobs, of which %,d were refused",
                inputs,
                loaded,
                blobs,
                refused);
    }

    @Override
    public void close() {
        world.close();
    }
}
