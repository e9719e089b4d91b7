// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.SpdkApp;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The file systems that are loaded, so that they are closed when their application stops, before its stores are. */
final class Mounted {
    private static final Logger LOG = System.getLogger(Mounted.class.getName());

    /** How long the stop of an application waits for its file systems. */
    private static final long CLOSE_SECONDS = 30;

    private static final Set<BlobFs> LOADED = ConcurrentHashMap.newKeySet();
    private static final Set<SpdkApp> HOOKED = ConcurrentHashMap.newKeySet();

    private Mounted() {}

    static void remember(BlobFs fs) {
        LOADED.add(fs);
        if (HOOKED.add(fs.app())) {
            fs.app().onShutdown(() -> closeAll(fs.app())); // runs before what was asked for earlier, as by the store
        }
    }

    static void forget(BlobFs fs) {
        LOADED.remove(fs);
    }

    private static void closeAll(SpdkApp app) {
        HOOKED.remove(app);
        List<BlobFs> all = LOADED.stream().filter(fs -> fs.app() == app).toList();
        try {
            CompletableFuture.allOf(all.stream().map(BlobFs::closeAsync).toArray(CompletableFuture[]::new))
                    .get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.log(Level.ERROR, "not closed properly: " + all, e);
        }
    }
}
