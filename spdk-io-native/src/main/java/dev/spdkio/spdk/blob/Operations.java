// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BlobApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.sys.Errno;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * The metadata operations of a store: each in its turn, none beside one that excludes it, and what went wrong in words.
 *
 * <p>Thread rule: any thread begins them; they run on the metadata thread.
 */
final class Operations {
    final BusyBlobs busy = new BusyBlobs();
    private final NativeBlobstore store;
    private final Opening opening;
    private final SpdkThread thread;
    private final long pointer;

    Operations(NativeBlobstore store, Opening opening, long pointer) {
        this.store = store;
        this.opening = opening;
        this.thread = opening.thread;
        this.pointer = pointer;
    }

    /** Does an operation in its turn, if no other on one of the blobs excludes it. */
    CompletableFuture<Calls.Result> operate(String what, Calls.Call call, BlobId... blobs) {
        return withDevices(() -> store.queue().submit(() -> {
            store.checkLoaded();
            busy.begin(what, blobs);
            return ended(what, Calls.start(thread, call), blobs);
        }));
    }

    /**
     * The same for what must not begin while an unmap gives a cluster back. SPDK gives none back once it has begun, but
     * ends the unmaps it has, and then falls over the missing cluster of a blob that is not thin any more.
     */
    CompletableFuture<Calls.Result> operateBetweenUnmaps(String what, Calls.Call call, BlobId blob) {
        return withDevices(() -> store.queue().submit(() -> {
            store.checkLoaded();
            busy.begin(what, blob);
            CompletableFuture<Calls.Result> end = store.holdUnmaps(blob).thenCompose(_ -> {
                try {
                    return Calls.start(thread, call);
                } finally {
                    store.letUnmapsGo(blob);
                }
            });
            return ended(what, end, blob);
        }));
    }

    /** Tries an operation again when a device was missing that can be had. */
    private CompletableFuture<Calls.Result> withDevices(Supplier<CompletableFuture<Calls.Result>> operation) {
        return operation.get().exceptionallyCompose(failure -> {
            boolean needsDevice = BlobstoreBase.cause(failure) instanceof SpdkException e && e.errno() == Errno.ENODEV;
            return needsDevice && opening.canProvide()
                    ? opening.provideMissing().thenCompose(_ -> operation.get())
                    : CompletableFuture.failedFuture(failure);
        });
    }

    private CompletableFuture<Calls.Result> ended(String what, CompletableFuture<Calls.Result> end, BlobId... blobs) {
        return end.thenApply(r -> {
            busy.end(blobs);
            return check(what, r);
        });
    }

    /** An operation on an open blob. */
    CompletableFuture<Void> change(String what, NativeBlob blob, Calls.Call call) {
        return store.queue().submit(() -> {
            blob.checkOpen();
            return Calls.start(thread, call).thenAccept(r -> check(what, r));
        });
    }

    /**
     * Resizes an open blob, durably. Until the new size is durable SPDK keeps clusters that were cut off behind the
     * blob's end, where it falls over them when a snapshot is made; and a snapshot of a blob that has grown is as small
     * as the blob was, when it is loaded.
     */
    CompletableFuture<Void> resize(String what, NativeBlob blob, long clusters) {
        return store.queue().submit(() -> {
            blob.checkOpen();
            busy.beginAlone(what, blob.id());
            return Calls.start(thread, token -> BlobApi.resize(blob.pointer(), clusters, Calls.STATUS, token))
                    .thenCompose(r -> r.errno() != 0
                            ? CompletableFuture.completedFuture(r)
                            : Calls.start(thread, token -> BlobApi.sync(blob.pointer(), Calls.STATUS, token)))
                    .thenAccept(r -> {
                        busy.endAlone(blob.id());
                        check(what, r);
                    });
        });
    }

    /** The same result, if it is a success. */
    Calls.Result check(String what, Calls.Result r) {
        if (r.errno() != 0) {
            throw new CompletionException(failure(what, r.errno()));
        }
        return r;
    }

    /** What an error number of SPDK's means for an operation. */
    SpdkException failure(String what, int errno) {
        String why = switch (errno) {
            case Errno.ENOENT -> "there is no such blob";
            case Errno.ENOSPC ->
                "the store has " + BlobstoreApi.freeClusters(pointer)
                        + " free clusters, and not enough metadata pages maybe: delete or shrink blobs, or grow it";
            case Errno.ENOMEM -> "no metadata page is left, or SPDK has no memory: delete blobs";
            case Errno.EBUSY ->
                "the blob is open, has clones, or another operation on it is under way: close"
                        + " it, delete clones, wait";
            case Errno.EPERM -> "the blob's being read-only, or not, does not allow it";
            case Errno.EINVAL -> "the blob is not as it must be: see the operation";
            case Errno.EEXIST -> "it is so already";
            case Errno.ENODEV -> "the device it stands on is not there: create it, or give it to SPDK";
            case Errno.EOPNOTSUPP -> "it stands on a device: load the store with externalSnapshots";
            case Errno.EIO -> "the device failed";
            default -> "SPDK's log says more";
        };
        return BlobstoreBase.failure(errno, what, why);
    }
}
