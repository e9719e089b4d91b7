// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.blob.BlobId;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A copy of the clusters that are a blob's own to a device, beside other operations. */
final class ShallowCopy {
    private static final Logger LOG = System.getLogger(ShallowCopy.class.getName());

    private final Store store;
    private final BlobState blob;
    private final BdevDesc target;
    private final BdevChannel channel;
    private final int[] places;
    private final @Nullable LongConsumer progress;

    private ShallowCopy(BlobState blob, BdevDesc target, @Nullable LongConsumer progress) {
        this.store = blob.store;
        this.blob = blob;
        this.target = target;
        this.channel = target.openChannel();
        this.progress = progress;
        int[] map = blob.record.map;
        this.places = IntStream.range(0, blob.record.clusters)
                .filter(i -> map[i] != 0)
                .toArray();
    }

    static CompletableFuture<Void> run(
            Store store, Parents.Queue queue, BlobId id, String bdev, @Nullable LongConsumer progress) {
        String what = "copying blob " + id + " of " + store + " to bdev " + bdev;
        return queue.submit(() -> store.acquire(what, id.value())
                        .thenCompose(blob -> Steps.begin(() -> {
                            try {
                                return CompletableFuture.completedFuture(begin(blob, bdev, what, progress));
                            } catch (SpdkException | RuntimeException e) {
                                store.release(blob);
                                throw e;
                            }
                        })))
                .thenCompose(copy -> Steps.after(
                        Steps.each(copy.places.length, copy::copy), (_, failure) -> copy.end(queue, failure)));
    }

    private static ShallowCopy begin(BlobState blob, String name, String what, @Nullable LongConsumer progress)
            throws SpdkException {
        Store store = blob.store;
        Bdev bdev = store.devices.bdevs().lookup(name);
        if (bdev == null) {
            throw Failures.of(Errno.ENODEV, what, "there is no such device");
        }
        if (!blob.readOnly) {
            throw Failures.of(Errno.EPERM, what, "the blob is not read-only: make a snapshot of it");
        }
        Snapshots.checkFree(blob, what);
        if (bdev.blockSize() != store.ioUnitSize || bdev.sizeBytes() < blob.record.clusters * store.clusterSize) {
            throw Failures.of(
                    Errno.EINVAL,
                    what,
                    bdev + " needs blocks of " + store.ioUnitSize + " bytes, and "
                            + blob.record.clusters * store.clusterSize + " bytes");
        }
        BdevDesc target = store.devices.bdevs().open(name, OpenMode.READ_WRITE, BdevEventListener.NONE);
        blob.locked = "copied";
        return new ShallowCopy(blob, target, progress);
    }

    private CompletableFuture<Void> copy(int i) {
        long from = store.clusterOffset(blob.record.map[places[i]]);
        return store.device
                .with(
                        store.clusterSize,
                        buf -> store.device
                                .read(buf, from)
                                .thenCompose(_ -> channel.writeAsync(buf, places[i] * store.clusterSize)))
                .thenRun(() -> tell(i + 1));
    }

    private void tell(long clusters) {
        LongConsumer told = progress;
        if (told != null) {
            try {
                told.accept(clusters);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the listener of a copy of " + blob + " failed", e);
            }
        }
    }

    private CompletableFuture<Void> end(Parents.Queue queue, @Nullable Throwable failure) {
        target.close();
        return target.closed()
                .thenCompose(_ -> queue.submit(() -> {
                    blob.locked = null;
                    store.release(blob);
                    return Steps.ended(failure);
                }));
    }
}
