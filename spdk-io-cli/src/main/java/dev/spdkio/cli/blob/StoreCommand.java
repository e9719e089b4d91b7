// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.runtime.SpdkThread;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A command on one store: loads it, does its work and unloads it, which a signal does not prevent. */
abstract class StoreCommand extends DeviceCommand {

    /** The work. What it gives is printed. */
    abstract Map<String, Object> run(OpenStore store) throws Exception;

    CompletableFuture<Blobstore> open(SpdkApp app, SpdkThread thread, String device) {
        return Blobstore.load(app, thread, device, BlobstoreOptions.DEFAULT.withExternalSnapshots());
    }

    @Override
    final Map<String, Object> run(SpdkApp app, SpdkThread thread, String device, Stop stop) throws Exception {
        Blobstore store = open(app, thread, device).join();
        try (OpenStore opened = new OpenStore(app, store, stop)) {
            return run(opened);
        }
    }
}
