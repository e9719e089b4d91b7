// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.nio.charset.StandardCharsets;

/** The shortest real program: an application, a block device in memory, a write and a read. */
public final class HelloBdev {
    private HelloBdev() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        // docs: hello-bdev
        try (SpdkApp app = SpdkApp.builder().name("hello").start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 131_072));
            String text = app.appThread()
                    .<String>spawn("hello", () -> {
                        try (BdevDesc desc = app.bdevs().open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                                BdevChannel channel = desc.openChannel();
                                DmaBuf buf = app.dmaPool().allocate(4096)) {
                            buf.copyFrom("hello, block device\0".getBytes(StandardCharsets.UTF_8));
                            channel.write(buf, 0);
                            buf.fill((byte) 0);
                            channel.read(buf, 0);
                            return buf.segment().getString(0);
                        }
                    })
                    .join();
            System.out.println(text);
        }
        // docs: end
    }
}
