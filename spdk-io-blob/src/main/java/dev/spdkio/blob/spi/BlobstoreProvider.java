// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;

/**
 * Brings a blobstore. Found by {@link java.util.ServiceLoader}. That of {@link Engine#SPDK} serves applications of that
 * engine, one of {@link Engine#JAVA} those of every engine, since it needs no more than the hub.
 */
public interface BlobstoreProvider {
    /** How a store is opened. */
    enum Mode {
        /** Made anew. */
        INIT,
        /** Loaded. */
        LOAD,
        /** Loaded, and grown to the size of the device. */
        GROW
    }

    /** Whose blobstore it is. */
    Engine engine();

    /** Opens a store; see {@link Blobstore#init}. Any thread. */
    CompletableFuture<Blobstore> open(SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode);

    /**
     * Opens a store on a hub without an application, one of a simulation say; whoever does that unloads it. Any thread.
     *
     * @throws UnsupportedOperationException if the blobstore needs more than a hub
     */
    default CompletableFuture<Blobstore> openOn(
            BdevManager bdevs, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        throw new UnsupportedOperationException("the blobstore of engine " + engine() + " needs an application");
    }

    /** The one of an engine. */
    static Optional<BlobstoreProvider> of(Engine engine) {
        return ServiceLoader.load(BlobstoreProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(p -> p.engine() == engine)
                .findFirst();
    }

    /** Opens a store with the best one there is for the application. Any thread. */
    static CompletableFuture<Blobstore> open(
            SpdkApp app, SpdkThread thread, String bdev, Mode mode, BlobstoreOptions options) {
        return of(app.engine())
                .or(() -> of(Engine.JAVA))
                .map(p -> p.open(app, thread, bdev, options, mode))
                .orElseGet(() -> CompletableFuture.failedFuture(new SpdkException(
                        Errno.ENOSYS,
                        "engine " + app.engine() + " has no blobstore here: start the application with Engine.SPDK, and"
                                + " add the module spdk-io-native to the module path or class path")));
    }
}
