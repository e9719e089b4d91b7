// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;

/** One program for both engines: the argument {@code spdk} runs it on real SPDK. */
public final class EitherEngine {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 8192, "block_size": 512}}
            ]}]}
            """;

    private EitherEngine() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        // docs: either-engine
        Engine engine = args.length > 0 && args[0].equals("spdk") ? Engine.SPDK : Engine.JAVA;
        try (SpdkApp app = SpdkApp.builder()
                .engine(engine)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .configJson(CONFIG)
                .start()) {
            // docs: end
            byte read = app.appThread().spawn("io", () -> writeAndRead(app)).join();
            System.out.println("block 7 holds " + read);
        }
    }

    private static byte writeAndRead(SpdkApp app) throws SpdkException {
        try (BdevDesc desc = app.bdevs().open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf buf = app.dmaPool().allocate(512)) {
            buf.fill((byte) 42);
            channel.write(buf, 7 * 512);
            buf.fill((byte) 0);
            channel.read(buf, 7 * 512);
            return buf.buffer().get(0);
        }
    }
}
