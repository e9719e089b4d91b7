// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;

/** A device is removed while it is open: the listener lets it go, and only then it is gone. */
public final class HotRemove {
    private HotRemove() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start();
                DmaBuf buf = app.dmaPool().allocate(4096)) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 1024));
            SpdkThread thread = app.runtime().createThread("worker");
            // docs: hot-remove
            BdevDesc desc = thread.call(() -> app.bdevs().open("Malloc0", OpenMode.READ_WRITE, (event, self) -> {
                        if (event == BdevEvent.REMOVED) {
                            self.close(); // closes its channels first; what they have in flight ends
                        }
                    }))
                    .join();
            // docs: end
            BdevChannel channel = thread.call(desc::openChannel).join();
            CompletableFuture<Void> write = channel.writeAsync(buf, 0);
            app.bdevs().unregister("Malloc0").join();
            System.out.println("the write ended before the device was gone: " + write.isDone());
            try {
                channel.writeAsync(buf, 0).join();
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
            System.out.println("devices left: " + app.bdevs().bdevs().size());
        }
    }
}
