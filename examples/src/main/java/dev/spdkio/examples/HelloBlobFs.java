// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Files on a block device, in the three styles. In Java, or with {@code spdk} on real SPDK. */
public final class HelloBlobFs {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 16384, "block_size": 4096}}
            ]}]}
            """;

    private HelloBlobFs() {}

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
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            System.out.println(cause == null ? e.getMessage() : cause.getMessage());
        }
        System.out.println("goodbye, files");
    }

    private static void hello(SpdkApp app) throws SpdkException {
        // docs: blobfs-init
        BlobFs fs = BlobFs.init(app, "Malloc0", BlobFsOptions.DEFAULT);
        BlobFile log = fs.open("log", FileOption.WRITE, FileOption.CREATE);
        long at = log.append(ByteBuffer.wrap("written by anybody\n".getBytes(StandardCharsets.UTF_8)));
        log.sync(); // from here on it survives a loss of power
        // docs: end
        System.out.println("appended at " + at + ", " + log.length() + " bytes now");
        SpdkThread thread = app.runtime().createThread("files");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment text = arena.allocate(64);
            callback(thread, log, text);
            future(log, text);
            thread.spawn("hello", () -> {
                        task(log, text);
                        return true;
                    })
                    .join();
        }
        // docs: blobfs-names
        log.close(); // syncs it
        fs.create("log.old");
        fs.rename("log", "log.old"); // replaces it, in one
        fs.files().forEach(System.out::println);
        fs.delete("log.old");
        fs.unload();
        // docs: end
    }

    private static void callback(SpdkThread thread, BlobFile file, MemorySegment text) {
        CompletableFuture<String> end = new CompletableFuture<>();
        text.setString(0, "callback");
        // docs: blobfs-callback
        thread.execute(() -> file.submitWrite(
                text,
                1000,
                (status, bytes, data) -> end.complete(bytes + " bytes " + data + ": " + status),
                "at 1000"));
        // docs: end
        System.out.println(end.join());
    }

    private static void future(BlobFile file, MemorySegment text) {
        // docs: blobfs-future
        file.readAsync(text, 1000)
                .thenAccept(bytes -> System.out.println(bytes + " bytes read: " + text.getString(0)))
                .join();
        // docs: end
    }

    private static void task(BlobFile file, MemorySegment text) throws SpdkException {
        // docs: blobfs-task
        text.setString(0, "straight-line");
        file.write(text, 123_456); // what is before it reads as zeroes
        file.read(text, 123_456);
        System.out.println("read back: " + text.getString(0));
        // docs: end
    }
}
