// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.BlockDeviceOptions;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Ordinary Java code on a block device: a thousand futures with 64 under way, and blocking calls on virtual threads.
 */
public final class ManyFutures {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 1000;

    private ManyFutures() {}

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        try (SpdkApp app = SpdkApp.builder().start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", BLOCK, BLOCKS));
            // docs: device-open
            BlockDeviceOptions options = BlockDeviceOptions.DEFAULT.withMaxOutstanding(64);
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Malloc0", OpenMode.READ_WRITE, options)) {
                writeAll(device);
                System.out.println("sum read by virtual threads: " + readAll(device));
            }
            // docs: end
        }
    }

    private static void writeAll(BlockDevice device) {
        // docs: device-futures
        List<CompletableFuture<Void>> writes = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) {
            ByteBuffer block = ByteBuffer.allocate(BLOCK).putInt(0, i);
            writes.add(device.writeAsync(block, (long) i * BLOCK)); // waits here while 64 are under way
        }
        CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new)).join();
        // docs: end
    }

    private static long readAll(BlockDevice device) throws Exception {
        long sum = 0;
        // docs: device-virtual-threads
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> values = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                long offset = (long) i * BLOCK;
                values.add(threads.submit(() -> valueAt(device, offset)));
            }
            for (Future<Integer> value : values) {
                sum += value.get();
            }
        }
        // docs: end
        return sum;
    }

    private static int valueAt(BlockDevice device, long offset) throws SpdkException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        device.read(block, offset); // parks the virtual thread
        return block.getInt(0);
    }
}
