// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.export.BdevExport;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A copy of a blob's own clusters to a device. SPDK counts the device's blocks in those of the store. */
final class ShallowCopy {
    private static final Logger LOG = System.getLogger(ShallowCopy.class.getName());

    private static final long PROGRESS = Upcall.stub(
            MethodHandles.lookup(),
            ShallowCopy.class,
            "progress",
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG),
            null);

    private final NativeBlobstore store;
    private final BlobId id;
    private final String bdev;
    private final @Nullable LongConsumer progress;
    private final String what;

    ShallowCopy(NativeBlobstore store, BlobId id, String bdev, @Nullable LongConsumer progress) {
        this.store = store;
        this.id = id;
        this.bdev = bdev;
        this.progress = progress;
        this.what = "copying blob " + id + " of " + store + " to bdev " + bdev;
    }

    /** Does it. Any thread. */
    CompletableFuture<Void> start() {
        Bdev target = store.app().bdevs().lookup(bdev);
        if (target == null) {
            return failed(Errno.ENODEV, "there is no such device");
        }
        if (target.blockSize() != store.ioUnitSize()) {
            return failed(
                    Errno.EINVAL,
                    "its blocks of " + target.blockSize() + " bytes are not the io units of " + store.ioUnitSize());
        }
        return BlobDevices.prepare(store.app(), bdev)
                .thenCompose(export -> store.begin(this::copy)
                        .handle((_, failure) -> failure)
                        .thenCompose(failure -> letGo(export, failure)));
    }

    private CompletableFuture<Void> copy() {
        NativeThread.enter(store.thread());
        long dev = store.opening().openTarget(bdev);
        if (BdevApi.errno(dev) != 0) {
            return failed(BdevApi.errno(dev), "the device cannot be written: somebody else may have it open");
        }
        long token = Tokens.put(this);
        return store.relations()
                .copyTo(what, id, dev, progress == null ? 0 : PROGRESS, token)
                .whenComplete((_, _) -> {
                    var _ = Tokens.take(token, ShallowCopy.class);
                    NativeThread.enter(store.thread());
                    BlobstoreApi.destroyBsDev(dev);
                });
    }

    private static CompletableFuture<Void> letGo(Optional<BdevExport> export, @Nullable Throwable failure) {
        CompletableFuture<Void> end = failure == null
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(BlobstoreBase.cause(failure));
        return export.map(e -> {
                    e.unregister();
                    return e.gone().thenCompose(_ -> end);
                })
                .orElse(end);
    }

    private CompletableFuture<Void> failed(int errno, String why) {
        return CompletableFuture.failedFuture(BlobstoreBase.failure(errno, what, why));
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void progress(long clusters, long token) {
        ShallowCopy copy = Tokens.peek(token, ShallowCopy.class);
        LongConsumer told = copy == null ? null : copy.progress;
        if (copy == null || told == null) {
            return;
        }
        SpdkThread thread = copy.store.thread();
        thread.trySendInternal(() -> {
            try {
                told.accept(clusters);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the listener of " + copy.what + " failed", e);
            }
        });
    }
}
