// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import java.util.Map;
import java.util.concurrent.Callable;

/** A loaded store, for a command, which waits for each thing it does. Closing it unloads the store. */
record OpenStore(SpdkApp app, Blobstore store, Stop stop) implements AutoCloseable {

    /** What is done with an open blob. */
    interface Use<T> {
        T of(Blob blob) throws Exception;
    }

    /** Does something on the metadata thread. */
    <T> T call(Callable<T> what) {
        return store.thread().call(what).join();
    }

    /** Opens a blob, and closes it, which makes changes durable. */
    <T> T with(BlobId id, Use<T> use) throws Exception {
        Blob blob = store.openBlob(id).join();
        T result;
        try {
            result = use.of(blob);
        } catch (Throwable t) {
            try {
                blob.close().join();
            } catch (RuntimeException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
        blob.close().join();
        return result;
    }

    /** What can be said of a blob. */
    Map<String, Object> describe(BlobId id) throws Exception {
        return with(id, blob -> call(() -> BlobInfo.of(blob)));
    }

    /** Clusters that so many bytes need. */
    long clusters(long bytes) {
        return bytes / store.clusterSize() + (bytes % store.clusterSize() == 0 ? 0 : 1);
    }

    @Override
    public void close() {
        store.unload().join();
    }
}
