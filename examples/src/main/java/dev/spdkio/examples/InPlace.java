// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.ZeroCopy;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.foreign.ValueLayout;

/** Changes a device without carrying its blocks about: compare and write, copy, zero copy. */
public final class InPlace {
    private InPlace() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 1024));
            int count =
                    app.appThread().<Integer>spawn("in place", () -> run(app)).join();
            System.out.println("counted to " + count);
        }
    }

    private static int run(SpdkApp app) throws SpdkException {
        try (BdevDesc desc = app.bdevs().open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf before = app.dmaPool().allocate(512);
                DmaBuf after = app.dmaPool().allocate(512)) {
            before.fill((byte) 0);
            addOne(channel, before, after);
            channel.copyBlocks(8, 0, 1); // the target comes first, as in SPDK
            // docs: zero-copy
            try (ZeroCopy zcopy = channel.zcopyStartBlocks(8, 1, true)) {
                int count = zcopy.memory().get(ValueLayout.JAVA_INT, 0); // the device's own memory
                zcopy.memory().set(ValueLayout.JAVA_INT, 0, count + 1);
                zcopy.end(true);
            }
            // docs: end
            channel.readBlocks(before, 8, 1);
            return before.segment().get(ValueLayout.JAVA_INT, 0);
        }
    }

    // docs: compare-and-write
    /** Adds one to the number in block 0, whatever others do to it meanwhile. */
    private static void addOne(BdevChannel channel, DmaBuf before, DmaBuf after) throws SpdkException {
        while (true) {
            int count = before.segment().get(ValueLayout.JAVA_INT, 0);
            after.segment().set(ValueLayout.JAVA_INT, 0, count + 1);
            try {
                channel.compareAndWrite(before, after, 0);
                return;
            } catch (SpdkException e) {
                if (e.errno() != Errno.EILSEQ) { // a callback asks IoStatus.isMiscompare
                    throw e;
                }
                channel.read(before, 0); // somebody was faster
            }
        }
    }
    // docs: end
}
