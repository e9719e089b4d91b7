// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;

/** The same copy of a block, by callbacks, by futures and by straight-line code. */
public final class ThreeStyles {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "block_size": 4096, "num_blocks": 1024}}
            ]}]}
            """;

    private ThreeStyles() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().configJson(CONFIG).start();
                DmaBuf buf = app.dmaPool().allocate(4096)) {
            SpdkThread thread = app.runtime().createThread("worker");
            // docs: styles-open
            BdevDesc desc = thread.call(() -> app.bdevs().open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE))
                    .join();
            BdevChannel channel = thread.call(desc::openChannel).join();
            // docs: end
            buf.fill((byte) 7);
            channel.writeAsync(buf, 0).join();

            CompletableFuture<Boolean> copied = app.runtime().newFuture();
            thread.send(() -> copyByCallbacks(channel, buf, copied));
            System.out.println("callbacks: " + copied.join());

            copyByFutures(channel, buf).join();
            System.out.println("futures: done");

            thread.spawn("copy", () -> copyInTask(channel, buf)).join();
            buf.fill((byte) 0);
            channel.readAsync(buf, 3 * 4096).join();
            System.out.println("straight-line: block 3 holds " + buf.buffer().get(0));
            desc.close();
        }
    }

    // docs: styles-callback
    /** On the thread of the channel. Allocates nothing for the I/O itself. */
    private static void copyByCallbacks(BdevChannel channel, DmaBuf buf, CompletableFuture<Boolean> copied) {
        IoCompletion written = (status, data) -> copied.complete(status.isSuccess());
        IoCompletion read = (status, data) -> {
            if (status.isSuccess()) {
                channel.submitWrite(buf, 4096, written, null);
            } else {
                copied.complete(false);
            }
        };
        channel.submitRead(buf, 0, read, null);
    }
    // docs: end

    // docs: styles-future
    /** On any thread. */
    private static CompletableFuture<Void> copyByFutures(BdevChannel channel, DmaBuf buf) {
        return channel.writeAsync(buf, 0)
                .thenCompose(ignored -> channel.readAsync(buf, 0))
                .thenCompose(ignored -> channel.writeAsync(buf, 2 * 4096));
    }
    // docs: end

    // docs: styles-task
    /** In a task of the channel's thread. */
    private static boolean copyInTask(BdevChannel channel, DmaBuf buf) throws SpdkException {
        channel.read(buf, 0);
        channel.write(buf, 3 * 4096);
        channel.flush(0, 4 * 4096);
        return true;
    }
    // docs: end
}
