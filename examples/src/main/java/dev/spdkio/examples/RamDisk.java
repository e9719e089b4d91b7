// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

// docs: ram-disk
/** A device whose blocks are memory: all that a device needs. */
public final class RamDisk implements BdevOps<RamDisk> {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment disk;

    private RamDisk(long bytes) {
        disk = arena.allocate(bytes);
    }

    static Bdev create(BdevManager bdevs, String name, int blockSize, long blockCount) throws SpdkException {
        BdevSpec spec = BdevSpec.builder(name, blockSize, blockCount)
                .productName("RAM disk")
                .build();
        return bdevs.register(spec, new RamDisk(blockSize * blockCount));
    }

    @Override
    public void submit(RamDisk channel, BdevIo io) {
        long at = io.offsetBytes();
        switch (io.type()) {
            case READ -> {
                for (int i = 0; i < io.segmentCount(); at += io.length(i++)) {
                    MemorySegment.copy(disk, at, io.memory(i), io.memoryOffset(i), io.length(i));
                }
            }
            case WRITE -> {
                for (int i = 0; i < io.segmentCount(); at += io.length(i++)) {
                    MemorySegment.copy(io.memory(i), io.memoryOffset(i), disk, at, io.length(i));
                }
            }
            case UNMAP, WRITE_ZEROES -> disk.asSlice(at, io.lengthBytes()).fill((byte) 0);
            default -> {} // flush and reset have nothing to do
        }
        io.complete(IoStatus.SUCCESS); // here or later, but once
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, WRITE_ZEROES, FLUSH, RESET -> true;
            default -> false; // the hub makes compare, copy and more from these
        };
    }

    @Override
    public RamDisk openChannel(SpdkThread thread) {
        return this; // a device with state for each thread gives something else
    }

    @Override
    public void closeChannel(RamDisk channel) {}

    @Override
    public CompletionStage<Void> destruct() {
        arena.close();
        return CompletableFuture.completedFuture(null);
    }
    // docs: end

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        // docs: ram-disk-use
        try (SpdkApp app = SpdkApp.builder().start()) {
            RamDisk.create(app.bdevs(), "Ram0", 512, 2048);
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Ram0", OpenMode.READ_WRITE)) {
                device.write(ByteBuffer.allocate(512).putInt(0, 42), 512);
                ByteBuffer back = ByteBuffer.allocate(512);
                device.read(back, 512);
                System.out.println("the RAM disk holds " + back.getInt(0));
            }
        }
        // docs: end
    }
}
