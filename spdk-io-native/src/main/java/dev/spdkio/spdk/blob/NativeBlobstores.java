// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.blob.spi.LoadedStores;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;

/** Brings SPDK's blobstore, and unloads what is left when an application stops. */
public final class NativeBlobstores implements BlobstoreProvider {
    static final LoadedStores LOADED = new LoadedStores();

    @Override
    public Engine engine() {
        return Engine.SPDK;
    }

    @Override
    public CompletableFuture<Blobstore> open(
            SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        if (app.engine() != Engine.SPDK) {
            throw new IllegalArgumentException(
                    app + " runs on engine " + app.engine() + ": SPDK's blobstore needs SPDK");
        }
        LOADED.prepare(app, thread);
        return new Opening(app, thread, bdev, options, mode).start();
    }
}
