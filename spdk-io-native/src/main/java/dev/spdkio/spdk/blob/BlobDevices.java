// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.export.BdevExport;
import dev.spdkio.spdk.export.ExportModule;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.BlobstoreApi;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The block devices under blobstores: SPDK's own, and those of Java, which SPDK is given while a store needs them. */
final class BlobDevices {
    private static final int EVENT_REMOVE = 0;

    /** {@code void (*)(enum spdk_bdev_event_type, struct spdk_bdev *, void *)}. */
    private static final long EVENT = Upcall.stub(
            MethodHandles.lookup(),
            BlobDevices.class,
            "event",
            FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_LONG),
            null);

    /** Hears what becomes of a device, on the thread that opened it. */
    interface Listener {
        /** A device of that name is about to be removed. */
        void removed(String bdev);
    }

    private BlobDevices() {}

    /** Sees to it that SPDK has a device and has looked at it. The export, if one was made, is the caller's to end. */
    static CompletableFuture<Optional<BdevExport>> prepare(SpdkApp app, String name) {
        return app.appThread()
                .call(() -> {
                    NativeThread.enter(app.appThread());
                    if (BdevApi.byName(name) != 0) {
                        return Optional.<BdevExport>empty();
                    }
                    Bdev bdev = app.bdevs().lookup(name);
                    if (bdev == null) {
                        throw new SpdkException(
                                Errno.ENODEV, "there is no bdev " + name + ": create it first, or look at its name");
                    }
                    return Optional.of(BdevExport.register(bdev));
                })
                .thenCompose(export -> examined(app).thenApply(_ -> export));
    }

    /** Completes when SPDK's modules have looked at all devices, for which they open some to write. */
    private static CompletableFuture<Calls.Result> examined(SpdkApp app) {
        return Calls.start(app.appThread(), token -> {
            int rc = BlobstoreApi.waitForExamine(Calls.DONE, token);
            if (rc != 0) {
                Calls.finish(token, 0, rc);
            }
        });
    }

    /**
     * Opens a device for blobstores, to itself if it is to be written.
     *
     * @param token of a {@link Listener}
     * @return the {@code struct spdk_bs_dev}, or a negative error number
     */
    static long open(String name, boolean write, long token) {
        long dev = BlobstoreApi.createBsDev(name, write, EVENT, token);
        if (write && BdevApi.errno(dev) == 0) {
            int rc = BlobstoreApi.claim(dev, ExportModule.POINTER);
            if (rc != 0) {
                BlobstoreApi.destroyBsDev(dev);
                return rc;
            }
        }
        return dev;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void event(int type, long bdev, long token) {
        Listener listener = Tokens.peek(token, Listener.class);
        if (listener != null && type == EVENT_REMOVE) {
            listener.removed(BdevApi.name(bdev));
        }
    }
}
