// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A device of one's own: a RAM disk that turns every bit around on its way in and out. */
public final class CustomBdev {
    private CustomBdev() {}

    // docs: custom-bdev
    /** The state of the device on one thread: how many I/Os it has done there. */
    private static final class Counter {
        private long count;
    }

    /** What the device does. The hub has checked, split and aligned what arrives here. */
    private static final class InvertedDisk implements BdevOps<Counter> {
        private final MemorySegment disk;
        private long requests;

        InvertedDisk(int bytes) {
            this.disk = MemorySegment.ofArray(new byte[bytes]);
        }

        @Override
        public void submit(Counter channel, BdevIo io) {
            channel.count++;
            long at = io.offsetBytes();
            for (int i = 0; i < io.segmentCount(); i++) {
                MemorySegment part = io.segment(i);
                MemorySegment own = disk.asSlice(at, part.byteSize());
                if (io.type() == IoType.READ) {
                    invert(own, part);
                } else {
                    invert(part, own);
                }
                at += part.byteSize();
            }
            io.complete(IoStatus.SUCCESS); // here or later, but once
        }

        @Override
        public boolean supports(IoType type) {
            return type == IoType.READ || type == IoType.WRITE; // the hub makes write zeroes from writes
        }

        @Override
        public Counter openChannel(SpdkThread thread) {
            return new Counter();
        }

        @Override
        public void closeChannel(Counter channel) {
            requests += channel.count;
        }

        @Override
        public CompletionStage<Void> destruct() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void dumpInfo(Map<String, Object> out) {
            out.put("requests", requests);
        }
    }
    // docs: end

    private static void invert(MemorySegment from, MemorySegment to) {
        for (long i = 0; i < from.byteSize(); i++) {
            byte b = from.get(ValueLayout.JAVA_BYTE, i);
            to.set(ValueLayout.JAVA_BYTE, i, (byte) ~b);
        }
    }

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            InvertedDisk device = new InvertedDisk(64 * 512);
            // docs: custom-register
            BdevSpec spec = BdevSpec.builder("Inverted0", 512, 64)
                    .productName("Inverted disk")
                    .build();
            app.bdevs().register(spec, device);
            // docs: end
            int first = app.appThread().spawn("use", () -> use(app)).join();
            System.out.println("read back " + first + ", stored " + (device.disk.get(ValueLayout.JAVA_BYTE, 0) & 0xff));
        }
    }

    private static int use(SpdkApp app) throws SpdkException {
        try (BdevDesc desc = app.bdevs().open("Inverted0", OpenMode.READ_WRITE, BdevEventListener.NONE);
                BdevChannel channel = desc.openChannel();
                DmaBuf buf = app.dmaPool().allocate(512)) {
            buf.fill((byte) 1);
            channel.write(buf, 0);
            channel.writeZeroes(512, 512);
            channel.read(buf, 0);
            return buf.buffer().get(0);
        }
    }
}
