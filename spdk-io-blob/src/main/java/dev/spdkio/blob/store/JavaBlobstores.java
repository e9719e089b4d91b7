// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.LoadedStores;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;

/** Brings the blobstore in Java, which serves applications of every engine, and knows which stores are loaded. */
public final class JavaBlobstores implements BlobstoreProvider {
    static final LoadedStores LOADED = new LoadedStores();

    /** For the service loader. */
    public JavaBlobstores() {}

    @Override
    public Engine engine() {
        return Engine.JAVA;
    }

    @Override
    public CompletableFuture<Blobstore> open(
            SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        LOADED.prepare(app, thread);
        return new Opening(new Devices.OfApplication(app.bdevs()), thread, bdev, options, mode)
                .start()
                .thenApply(store -> {
                    LOADED.add(app, store);
                    return store;
                });
    }

    @Override
    public CompletableFuture<Blobstore> openOn(
            BdevManager bdevs, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        return new Opening(new Devices.OfApplication(bdevs), thread, bdev, options, mode)
                .start()
                .thenApply(store -> store);
    }
}
