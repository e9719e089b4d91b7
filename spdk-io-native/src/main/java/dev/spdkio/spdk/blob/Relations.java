// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Xattrs;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** Which blob stands on which: snapshots and clones, made, changed and deleted. What {@link NativeBlobstore} says. */
final class Relations {
    private final NativeBlobstore store;
    private final Operations ops;
    private final StoreChannels channels;
    private final Opening opening;
    private final SpdkThread thread;
    private final long pointer;

    Relations(NativeBlobstore store, Operations ops, StoreChannels channels, Opening opening, long pointer) {
        this.store = store;
        this.ops = ops;
        this.channels = channels;
        this.opening = opening;
        this.thread = opening.thread;
        this.pointer = pointer;
    }

    CompletableFuture<Void> deleteBlob(BlobId id) {
        String what = "deleting " + store.name(id);
        return store.begin(() -> {
            store.checkLoaded();
            // The clone of a snapshot gets its clusters: whatever opens a blob meanwhile might see half of that.
            if (hasClones(id)) {
                return store.queue().submitAlone(() -> deleteSnapshot(what, id));
            }
            return store.queue().submit(() -> {
                store.checkLoaded();
                if (hasClones(id)) {
                    throw ops.failure(what, Errno.EBUSY);
                }
                return delete(what, id);
            });
        });
    }

    private CompletableFuture<Void> deleteSnapshot(String what, BlobId id) throws SpdkException {
        store.checkLoaded();
        long[] clones = BlobstoreApi.clones(pointer, id.value());
        if (clones.length != 1) {
            return delete(what, id);
        }
        return compareSizes(id.value(), clones[0]).thenCompose(sizes -> {
            ops.check(what, sizes);
            if (sizes.value() != 0) {
                throw new CompletionException(otherSize(what));
            }
            try {
                return delete(what, id);
            } catch (SpdkException e) {
                throw new CompletionException(e);
            }
        });
    }

    private boolean hasClones(BlobId id) {
        return BlobstoreApi.clones(pointer, id.value()).length > 0;
    }

    private CompletableFuture<Void> delete(String what, BlobId id) throws SpdkException {
        store.checkLoaded();
        ops.busy.beginAlone(what, id);
        return Calls.start(thread, token -> BlobstoreApi.deleteBlob(pointer, id.value(), Calls.STATUS, token))
                .thenAccept(r -> {
                    ops.busy.endAlone(id);
                    ops.check(what, r);
                    opening.ids.remove(id.value());
                });
    }

    CompletableFuture<BlobId> createSnapshot(BlobId id, Map<String, byte[]> xattrs) {
        return derive("creating a snapshot of ", BlobstoreApi::createSnapshot, id, xattrs);
    }

    CompletableFuture<BlobId> createClone(BlobId id, Map<String, byte[]> xattrs) {
        return derive("creating a clone of ", BlobstoreApi::createClone, id, xattrs);
    }

    private interface DeriveCall {
        void start(long bs, long id, long xattrs, long callback, long token);
    }

    private CompletableFuture<BlobId> derive(String doing, DeriveCall call, BlobId id, Map<String, byte[]> xattrs) {
        xattrs.forEach(Xattrs::check);
        Arena arena = Arena.ofShared();
        return ops.operateBetweenUnmaps(
                        doing + store.name(id),
                        token -> call.start(
                                pointer,
                                id.value(),
                                BlobStructs.xattrs(xattrs, arena).address(),
                                Calls.VALUE,
                                token),
                        id)
                .thenApply(store::created)
                .whenComplete((_, _) -> arena.close());
    }

    CompletableFuture<Void> inflate(BlobId id) {
        String what = "inflating " + store.name(id);
        return copying(
                call -> ops.operateBetweenUnmaps(what, call, id),
                (channel, token) -> BlobstoreApi.inflate(pointer, channel, id.value(), Calls.STATUS, token));
    }

    CompletableFuture<Void> decoupleParent(BlobId id) {
        String what = "decoupling " + store.name(id);
        return store.begin(() -> {
            long channel = channels.acquire(thread);
            return store.queue()
                    .submit(() -> {
                        store.checkLoaded();
                        ops.busy.begin(what, id);
                        long parent = BlobstoreApi.parentSnapshot(pointer, id.value());
                        return compareSizes(id.value(), parent == -1 ? id.value() : parent)
                                .thenCompose(sizes -> sizes.errno() != 0 || sizes.value() <= 0
                                        ? decouple(sizes, channel, id)
                                        : CompletableFuture.<Calls.Result>failedFuture(otherSize(what)))
                                .whenComplete((_, _) -> ops.busy.end(id))
                                .thenAccept(r -> ops.check(what, r));
                    })
                    .whenComplete((_, _) -> channels.release(thread));
        });
    }

    private CompletableFuture<Calls.Result> decouple(Calls.Result sizes, long channel, BlobId id) {
        return sizes.errno() != 0
                ? CompletableFuture.completedFuture(sizes)
                : Calls.start(
                        thread,
                        token -> BlobstoreApi.decoupleParent(pointer, channel, id.value(), Calls.STATUS, token));
    }

    // SPDK looks for a blob's clusters behind the end of its parent, and gives a clone the extent pages of a snapshot
    // of another size, which then is the clone's when it is loaded.

    /** The clusters that one blob has more than another. */
    private CompletableFuture<Calls.Result> compareSizes(long one, long other) {
        return clusters(one)
                .thenCompose(a -> a.errno() != 0
                        ? CompletableFuture.completedFuture(a)
                        : clusters(other).thenApply(b -> new Calls.Result(a.value() - b.value(), b.errno())));
    }

    /** The clusters of a blob that may not be open. */
    private CompletableFuture<Calls.Result> clusters(long id) {
        return Calls.start(thread, token -> BlobstoreApi.openBlob(pointer, id, 0, Calls.VALUE, token))
                .thenCompose(r -> {
                    if (r.errno() != 0) {
                        return CompletableFuture.completedFuture(r);
                    }
                    long clusters = BlobApi.clusters(r.value());
                    return Calls.start(thread, token -> BlobApi.close(r.value(), Calls.STATUS, token))
                            .thenApply(closed -> new Calls.Result(clusters, closed.errno()));
                });
    }

    private static SpdkException otherSize(String what) {
        return new SpdkException(
                Errno.EINVAL,
                what + " failed (EINVAL): the clone has another size than its snapshot: inflate the clone");
    }

    private interface CopyCall {
        void start(long channel, long token);
    }

    /** An operation that copies data, for which it needs a channel of the metadata thread. */
    private CompletableFuture<Void> copying(
            Function<Calls.Call, CompletableFuture<Calls.Result>> operation, CopyCall call) {
        return store.begin(() -> {
            long channel = channels.acquire(thread);
            return operation
                    .apply(token -> call.start(channel, token))
                    .<Void>thenApply(_ -> null)
                    .whenComplete((_, _) -> channels.release(thread));
        });
    }

    CompletableFuture<Void> setParent(BlobId id, BlobId snapshot) {
        return ops.operate(
                        "putting " + store.name(id) + " on " + snapshot,
                        token -> BlobstoreApi.setParent(pointer, id.value(), snapshot.value(), Calls.STATUS, token),
                        id,
                        snapshot)
                .thenAccept(_ -> {});
    }

    CompletableFuture<Void> setExternalParent(BlobId id, String bdev) {
        store.checkExternal();
        String what = "putting " + store.name(id) + " on bdev " + bdev;
        return store.device(what, bdev)
                .thenCompose(_ -> opening.provide(bdev))
                .thenCompose(_ -> store.queue().submit(() -> {
                    store.checkLoaded();
                    NativeThread.enter(thread);
                    long external = opening.openExternal(bdev);
                    if (BdevApi.errno(external) != 0) {
                        throw ops.failure(what, BdevApi.errno(external));
                    }
                    try {
                        ops.busy.begin(what, id);
                    } catch (SpdkException e) {
                        BlobstoreApi.destroyBsDev(external);
                        throw e;
                    }
                    return Calls.start(
                                    thread,
                                    token -> BlobstoreApi.setExternalParent(
                                            pointer,
                                            id.value(),
                                            external,
                                            BlobStructs.externalId(bdev),
                                            Calls.STATUS,
                                            token))
                            .thenAccept(r -> {
                                ops.busy.end(id);
                                switch (r.errno()) {
                                    // SPDK has not taken it; after other errors it may have.
                                    case Errno.EINVAL, Errno.EEXIST, Errno.EBUSY, Errno.ENOENT ->
                                        BlobstoreApi.destroyBsDev(external);
                                    default -> {}
                                }
                                ops.check(what, r);
                            });
                }));
    }

    /** For {@link ShallowCopy}: a copy to a {@code struct spdk_bs_dev}. On the metadata thread. */
    CompletableFuture<Void> copyTo(String what, BlobId id, long target, long progress, long progressArg) {
        return copying(call -> ops.operate(what, call, id), (channel, token) -> {
            int rc = BlobstoreApi.shallowCopy(
                    pointer, channel, id.value(), target, progress, progressArg, Calls.STATUS, token);
            if (rc != 0) {
                Calls.finish(token, 0, rc);
            }
        });
    }
}
