// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobChannel;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.check.BlobstoreCheck;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A store of blobs on a block device, in the three styles. In Java, or with {@code spdk} on real SPDK. */
public final class HelloBlob {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 16384, "block_size": 4096}}
            ]}]}
            """;

    private HelloBlob() {}

    /** Runs it. */
    public static void main(String[] args) {
        Engine engine = args.length > 0 && args[0].equals("spdk") ? Engine.SPDK : Engine.JAVA;
        try (SpdkApp app = SpdkApp.builder()
                .engine(engine)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .memorySize(128 << 20)
                .configJson(CONFIG)
                .start()) {
            hello(app);
        } catch (SpdkException e) {
            System.out.println(e.getMessage());
        } catch (CompletionException e) { // no blobstore for this engine, say
            Throwable cause = e.getCause();
            System.out.println(cause == null ? e.getMessage() : cause.getMessage());
        }
        System.out.println("goodbye, blob");
    }

    private static void hello(SpdkApp app) throws SpdkException {
        // docs: blob-init
        SpdkThread thread = app.runtime().createThread("blobs"); // the metadata thread
        Blobstore store = Blobstore.init(app, thread, "Malloc0", BlobstoreOptions.DEFAULT.withType("HELLO"))
                .join();
        // docs: end
        // docs: blob-create
        BlobId id = store.createBlob(BlobOptions.thin(4).withXattr("name", new byte[] {'h', 'i'}))
                .join();
        Blob blob = store.openBlob(id).join();
        // docs: end
        System.out.println(blob + ": " + blob.clusters() + " clusters of " + store.clusterSize() + " bytes");
        BlobChannel channel = thread.call(store::openChannel).join();
        try (DmaBuf buf = app.dmaPool().allocate(store.ioUnitSize())) {
            callback(thread, channel, blob, buf);
            future(channel, blob, buf);
            thread.spawn("hello", () -> {
                        task(channel, blob, buf);
                        return true;
                    })
                    .join();
        }
        // docs: blob-snapshot
        BlobId snapshot = store.createSnapshot(id, Map.of()).join();
        BlobId clone = store.createClone(snapshot, Map.of()).join();
        // docs: end
        System.out.println("clones of the snapshot: "
                + thread.call(() -> store.clones(snapshot)).join());
        store.deleteBlob(clone).join();
        // docs: blob-end
        blob.close().join();
        store.unload().join(); // closes its channels
        // docs: end
        // docs: blob-check
        CheckReport report = BlobstoreCheck.examine(app.bdevs(), thread, "Malloc0", RepairOptions.DEFAULT)
                .join();
        System.out.println(report.isSound() ? "the store is sound" : report.findings() + " " + report.plan());
        // docs: end
    }

    private static void callback(SpdkThread thread, BlobChannel channel, Blob blob, DmaBuf buf) {
        CompletableFuture<String> end = new CompletableFuture<>();
        buf.segment().setString(0, "callback");
        // docs: blob-callback
        thread.execute(() -> channel.submitWrite(
                blob, buf, 0, 1, (status, data) -> end.complete(data + ": " + status), "io unit 0"));
        // docs: end
        System.out.println(end.join());
    }

    private static void future(BlobChannel channel, Blob blob, DmaBuf buf) {
        // docs: blob-future
        channel.readAsync(blob, buf, 0, 1)
                .thenRun(() -> System.out.println("read back: " + buf.segment().getString(0)))
                .join();
        // docs: end
    }

    private static void task(BlobChannel channel, Blob blob, DmaBuf buf) throws SpdkException {
        // docs: blob-task
        buf.segment().setString(0, "straight-line");
        channel.write(blob, buf, 300, 1); // io unit 300, in the second cluster
        buf.fill((byte) 0);
        channel.read(blob, buf, 300, 1);
        System.out.println("read back: " + buf.segment().getString(0));
        // docs: end
    }
}
