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
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.IoVec;

/** One write from three unequal pieces of memory, one read into two others. */
public final class VectoredIo {
    private VectoredIo() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 1024));
            app.appThread().spawn("vectors", () -> gather(app)).join();
        }
    }

    private static boolean gather(SpdkApp app) throws SpdkException {
        DmaPool pool = app.dmaPool();
        try (BdevDesc desc = app.bdevs().open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf header = pool.allocate(512);
                DmaBuf key = pool.allocate(100);
                DmaBuf value = pool.allocate(4096);
                DmaBuf whole = pool.allocate(4096)) {
            header.fill((byte) 1);
            key.fill((byte) 2);
            value.fill((byte) 3);
            // docs: vector-write
            IoVec record = IoVec.builder()
                    .add(header)
                    .add(key)
                    .add(value, 0, 4096 - 612) // together a multiple of the block size
                    .build();
            channel.writev(record, 0);
            // docs: end
            channel.read(whole, 0);
            System.out.println("header " + whole.buffer().get(0) + ", key "
                    + whole.buffer().get(512) + ", value " + whole.buffer().get(612));
        }
        return true;
    }
}
