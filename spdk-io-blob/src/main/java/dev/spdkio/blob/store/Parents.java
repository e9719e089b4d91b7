// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.BlobRecord;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Has blobs stand on something else than before. In operations, except where it says so. */
final class Parents {
    /** Places that are given clusters in one operation, so that others have their turn. */
    private static final int BATCH = 16;

    /** Runs operations. */
    interface Queue {
        /** Runs one in its turn. */
        <T> CompletableFuture<T> submit(Steps.Step<T> operation);
    }

    private Parents() {}

    // ---- clusters of its own ----------------------------------------------------------------------------------------

    /**
     * Gives a blob all clusters, or those of its parent. Not in an operation, but in as many as it takes.
     *
     * @param all whether it is to stand on nothing
     */
    static CompletableFuture<Void> detach(Store store, Queue queue, String what, long id, boolean all) {
        return queue.submit(() -> store.acquire(what, id)
                        .thenCompose(blob -> Steps.begin(() -> {
                            try {
                                return new Detaching(blob, what, all, queue).first();
                            } catch (SpdkException | RuntimeException e) {
                                store.release(blob);
                                throw e;
                            }
                        })))
                .thenCompose(more -> more.map(Detaching::rest).orElseGet(Steps::done));
    }

    /** A blob that is made independent. */
    private static final class Detaching {
        private final Store store;
        private final BlobState blob;
        private final Queue queue;
        private final boolean all;
        private final int[] places;

        Detaching(BlobState blob, String what, boolean wantsAll, Queue queue) throws SpdkException {
            this.store = blob.store;
            this.blob = blob;
            this.queue = queue;
            this.all = wantsAll || blob.backing() instanceof ExternalDevice;
            Snapshots.checkFree(blob, what);
            if (!wantsAll && blob.backing() == null) {
                throw Failures.of(Errno.EINVAL, what, blob + " stands on nothing");
            }
            this.places = blob.isThin() ? places() : new int[0];
            if (places.length > store.space.freeClusters()) {
                throw Failures.noClusters(what, places.length, store.space.freeClusters());
            }
            blob.locked = all ? "inflated" : "decoupled";
        }

        private int[] places() {
            View below = blob.backing() instanceof BlobState parent ? parent.view : null;
            return IntStream.range(0, blob.record.clusters)
                    .filter(i -> blob.record.map[i] == 0)
                    .filter(i -> all || (below != null && (below.cluster(i) != 0 || below.hides(i))))
                    .toArray();
        }

        /** In the first operation: all of it, if that is little; else what is left to do. */
        CompletableFuture<Optional<Detaching>> first() {
            if (places.length > BATCH) {
                return CompletableFuture.completedFuture(Optional.of(this));
            }
            CompletableFuture<Void> whole = blob.isThin() ? take(0).thenCompose(_ -> change()) : Steps.done();
            return whole.whenComplete((_, _) -> end()).thenApply(_ -> Optional.empty());
        }

        CompletableFuture<Void> rest() {
            int rounds = (places.length + BATCH - 1) / BATCH;
            CompletableFuture<Void> whole = Steps.each(rounds, round -> queue.submit(() -> take(round)))
                    .thenCompose(_ -> queue.submit(this::change));
            return Steps.after(
                    whole,
                    (_, failure) -> queue.submit(() -> {
                        end();
                        return Steps.ended(failure);
                    }));
        }

        private CompletableFuture<Void> take(int round) {
            return Allocation.fill(
                    blob, Arrays.copyOfRange(places, round * BATCH, Math.min(places.length, (round + 1) * BATCH)));
        }

        /** It has all it needs. */
        private CompletableFuture<Void> change() {
            Backing before = blob.backing();
            Backing below = !all && before instanceof BlobState parent ? parent.backing() : null;
            long above = before instanceof BlobState parent ? store.relations.parent(parent.id) : Store.NONE;
            long flags = blob.record.invalidFlags;
            if (all) {
                blob.setParent(Store.NONE);
                blob.record.invalidFlags &= ~BlobRecord.THIN;
            } else if (below instanceof ExternalDevice d) {
                return moveToDevice(d);
            } else {
                blob.setParent(above);
            }
            blob.dirty = true;
            return Steps.undo(Persist.write(blob, true), () -> {
                        restore(flags, before);
                        return Steps.done();
                    })
                    .thenRun(() -> settle(all ? null : below, all ? Store.NONE : above));
        }

        private CompletableFuture<Void> moveToDevice(ExternalDevice device) {
            return Steps.begin(() -> {
                String name = device.name();
                ExternalDevice own = ExternalDevice.open(store, blob.id, name, store.devices.mayBeMissing());
                Backing before = blob.backing();
                long flags = blob.record.invalidFlags;
                blob.setExternal(ExternalDevice.encode(name));
                return Steps.undo(Persist.write(blob, true), () -> {
                            restore(flags, before);
                            own.close();
                            return Steps.done();
                        })
                        .thenRun(() -> settle(own, Store.NONE));
            });
        }

        private void restore(long flags, @Nullable Backing before) {
            if (before instanceof BlobState parent) {
                blob.setParent(parent.id);
            } else if (before instanceof ExternalDevice d) {
                blob.setExternal(ExternalDevice.encode(d.name()));
            }
            blob.record.invalidFlags = flags;
            blob.dirty = true;
        }

        private void settle(@Nullable Backing below, long parent) {
            Parents.settle(blob, below, parent);
        }

        private void end() {
            blob.locked = null;
            store.release(blob);
        }
    }

    /** The device says already what a blob stands on now. */
    private static void settle(BlobState blob, @Nullable Backing below, long parent) {
        Backing before = blob.backing();
        if (below instanceof BlobState p) {
            p.uses++;
        }
        blob.publish(below);
        blob.store.relations.set(blob.id, parent);
        if (before instanceof ExternalDevice) {
            // Requests may be on their way to it.
            var _ = blob.store.fence().whenComplete((_, _) -> blob.store.letGo(before));
        } else {
            blob.store.letGo(before);
        }
    }

    // ---- another parent ---------------------------------------------------------------------------------------------

    static CompletableFuture<Void> setParent(BlobState blob, BlobState snapshot, String what) {
        return Steps.begin(() -> {
            Store store = blob.store;
            if (store.relations.parent(blob.id) == snapshot.id) {
                throw Failures.of(Errno.EEXIST, what, "it stands there already");
            }
            checkMovable(blob, what);
            Snapshots.checkFree(snapshot, what);
            if (!snapshot.metadataReadOnly || store.relations.isAbove(blob.id, snapshot.id)) {
                throw Failures.of(Errno.EINVAL, what, snapshot + " is not a snapshot, or stands on the blob");
            }
            if (snapshot.record.clusters != blob.record.clusters) {
                throw Failures.of(
                        Errno.EINVAL,
                        what,
                        "it has " + blob.record.clusters + " clusters, and the snapshot " + snapshot.record.clusters);
            }
            return change(blob, snapshot, snapshot.id, null);
        });
    }

    static CompletableFuture<Void> setExternalParent(BlobState blob, String bdev, String what) {
        return Steps.begin(() -> {
            if (blob.backing() instanceof ExternalDevice d && d.name().equals(bdev)) {
                throw Failures.of(Errno.EEXIST, what, "it stands there already");
            }
            checkMovable(blob, what);
            ExternalDevice device = ExternalDevice.open(blob.store, blob.id, bdev);
            return Steps.undo(change(blob, device, Store.NONE, bdev), () -> {
                device.close();
                return Steps.done();
            });
        });
    }

    private static void checkMovable(BlobState blob, String what) throws SpdkException {
        Snapshots.checkFree(blob, what);
        if (!blob.isThin()) {
            throw Failures.of(Errno.EINVAL, what, blob + " is not thin: it shows nothing but its own");
        }
    }

    private static CompletableFuture<Void> change(
            BlobState blob, Backing below, long parent, @Nullable String external) {
        Backing before = blob.backing();
        long flags = blob.record.invalidFlags;
        if (external != null) {
            blob.setExternal(ExternalDevice.encode(external));
        } else {
            blob.setParent(parent);
        }
        return Steps.undo(Persist.write(blob, true), () -> {
                    if (before instanceof ExternalDevice d) {
                        blob.setExternal(ExternalDevice.encode(d.name()));
                    } else {
                        blob.setParent(blob.store.relations.parent(blob.id));
                    }
                    blob.record.invalidFlags = flags;
                    blob.dirty = true;
                    return Steps.done();
                })
                .thenRun(() -> settle(blob, below, parent));
    }
}
