// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.spi.BlobstoreProvider;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Brings the blobstore in Java, which serves applications of every engine, and knows which stores are loaded. */
public final class JavaBlobstores implements BlobstoreProvider {
    private static final Logger LOG = System.getLogger(JavaBlobstores.class.getName());

    /** How long the stop of an application waits for its stores. */
    private static final long UNLOAD_SECONDS = 30;

    private static final Set<JavaBlobstore> LOADED = ConcurrentHashMap.newKeySet();
    private static final Set<SpdkApp> HOOKED = ConcurrentHashMap.newKeySet();

    /** For the service loader. */
    public JavaBlobstores() {}

    @Override
    public Engine engine() {
        return Engine.JAVA;
    }

    @Override
    public CompletableFuture<Blobstore> open(
            SpdkApp app, SpdkThread thread, String bdev, BlobstoreOptions options, Mode mode) {
        if (thread.runtime() != app.runtime()) {
            throw new IllegalArgumentException(thread + " belongs to another application than " + app);
        }
        if (HOOKED.add(app)) {
            app.onShutdown(() -> unloadAll(app));
        }
        return new Opening(app, thread, bdev, options, mode).start();
    }

    static void remember(JavaBlobstore store) {
        LOADED.add(store);
    }

    static void forget(JavaBlobstore store) {
        LOADED.remove(store);
    }

    private static void unloadAll(SpdkApp app) {
        HOOKED.remove(app);
        List<JavaBlobstore> stores = LOADED.stream().filter(s -> s.app() == app).toList();
        CompletableFuture<?>[] all =
                stores.stream().map(JavaBlobstore::closeAndUnload).toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(all).get(UNLOAD_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.log(Level.ERROR, "not unloaded: " + stores, e);
        }
    }
}
