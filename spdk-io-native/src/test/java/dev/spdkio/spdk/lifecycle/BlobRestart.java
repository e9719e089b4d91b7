// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.nio.file.Path;
import java.util.List;

/**
 * A store on a file, from one application to the next: {@code write} leaves it to the end of the application to unload
 * it, loads it in a second one, and dies; {@code read} finds what was there.
 */
final class BlobRestart {
    private static final int FIRST = 17;
    private static final int SECOND = 18;

    private BlobRestart() {}

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[1]);
        if (args[0].equals("write")) {
            try (SpdkApp app = start(file)) {
                SpdkThread thread = app.runtime().createThread("blobs");
                Blobstore store = Blobstore.init(app, thread, "File0", BlobstoreOptions.DEFAULT)
                        .join();
                Blob blob = store.openBlob(
                                store.createBlob(BlobOptions.ofClusters(2)).join())
                        .join();
                fill(app, store, blob, 0, FIRST);
                Child.say("written " + blob.id());
                // Neither closed nor unloaded: the end of the application sees to that.
            }
        }
        SpdkApp app = start(file);
        SpdkThread thread = app.runtime().createThread("blobs");
        Blobstore store =
                Blobstore.load(app, thread, "File0", BlobstoreOptions.DEFAULT).join();
        List<BlobId> ids = thread.call(store::blobIds).join();
        Blob blob = store.openBlob(ids.getFirst()).join();
        Child.say("found " + ids + " with " + blob.clusters() + " clusters");
        check(app, store, blob, 0, FIRST);
        if (args[0].equals("write")) {
            blob.resize(3).join();
            fill(app, store, blob, store.ioUnitsPerCluster() * 2, SECOND);
            Child.say("dies");
            Runtime.getRuntime().halt(0);
        }
        check(app, store, blob, store.ioUnitsPerCluster() * 2, SECOND);
        app.close();
        Child.say("done");
    }

    private static SpdkApp start(Path file) throws Exception {
        return Child.builder().configJson("""
                {"subsystems": [{"subsystem": "bdev", "config": [{"method": "bdev_aio_create",
                  "params": {"name": "File0", "filename": "%s", "block_size": 4096}}]}]}
                """.formatted(file)).start();
    }

    private static void fill(SpdkApp app, Blobstore store, Blob blob, long at, int value) {
        try (DmaBuf buf = app.dmaPool().allocate(store.ioUnitSize())) {
            buf.fill((byte) value);
            BlobChannel channel = store.thread().call(store::openChannel).join();
            channel.writeAsync(blob, buf, at, 1).join();
        }
    }

    private static void check(SpdkApp app, Blobstore store, Blob blob, long at, int value) {
        try (DmaBuf buf = app.dmaPool().allocate(store.ioUnitSize())) {
            BlobChannel channel = store.thread().call(store::openChannel).join();
            channel.readAsync(blob, buf, at, 1).join();
            Child.say("read " + buf.buffer().get(0) + ", expected " + value);
        }
    }
}
