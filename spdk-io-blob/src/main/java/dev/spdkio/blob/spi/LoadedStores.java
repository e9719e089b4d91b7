// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import dev.spdkio.SpdkApp;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The stores of a provider that are loaded: when an application stops, those of it that are left are unloaded.
 *
 * <p>Thread rule: any thread.
 */
public final class LoadedStores {
    private static final Logger LOG = System.getLogger(LoadedStores.class.getName());

    /** How long the stop of an application waits for its stores. */
    private static final long UNLOAD_SECONDS = 30;

    private final Map<BlobstoreBase, SpdkApp> loaded = new ConcurrentHashMap<>();
    private final Set<SpdkApp> hooked = ConcurrentHashMap.newKeySet();

    /** Without stores. */
    public LoadedStores() {}

    /** A store is about to be loaded. */
    public void prepare(SpdkApp app, SpdkThread thread) {
        if (thread.runtime() != app.runtime()) {
            throw new IllegalArgumentException(thread + " belongs to another application than " + app);
        }
        if (hooked.add(app)) {
            app.onShutdown(() -> unloadAll(app));
        }
    }

    /** One was loaded. */
    public void add(SpdkApp app, BlobstoreBase store) {
        loaded.put(store, app);
    }

    /** One was unloaded. */
    public void remove(BlobstoreBase store) {
        loaded.remove(store);
    }

    private void unloadAll(SpdkApp app) {
        hooked.remove(app);
        List<BlobstoreBase> stores =
                loaded.keySet().stream().filter(s -> loaded.get(s) == app).toList();
        CompletableFuture<?>[] all =
                stores.stream().map(BlobstoreBase::closeAndUnload).toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(all).get(UNLOAD_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.log(Level.ERROR, "not unloaded: " + stores, e);
        }
    }
}
