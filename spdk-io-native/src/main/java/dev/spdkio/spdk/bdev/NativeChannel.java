// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.runtime.NativeThread;
import java.lang.foreign.Arena;

/**
 * A native device on one thread: SPDK's channel, and where the iovecs of vectored requests lie.
 *
 * <p>Thread rule: owned by its thread.
 */
final class NativeChannel {
    private static final long IOVEC_BYTES = 16;

    final NativeBdev device;
    final SpdkThread thread;
    final IoQueue queue;
    final long channel;
    boolean waitsForRoom;
    private final Arena arena = Arena.ofShared();
    private long[] iovecs = new long[0];
    private int[] iovecSizes = new int[0];

    NativeChannel(NativeBdev device, SpdkThread thread) {
        this.device = device;
        this.thread = thread;
        NativeThread t = NativeThread.enter(thread);
        this.queue = t.queue();
        this.channel = BdevApi.ioChannel(device.holdDesc());
        if (channel == 0) {
            throw new IllegalStateException("SPDK gives no channel of bdev " + device.name() + " to " + thread
                    + ": SPDK's log says why; with many threads its buffers run out: keep fewer a thread"
                    + " (bdev_set_options, accel_set_options) or take more (iobuf_set_options)");
        }
    }

    /** The memory of a request as iovecs, in memory that is the request's until its end. */
    long iovecs(BdevIo io) {
        int slot = io.slot();
        int pieces = io.segmentCount();
        if (slot >= iovecs.length || iovecSizes[slot] < pieces) {
            grow(slot, pieces);
        }
        long at = iovecs[slot];
        for (int i = 0; i < pieces; i++) {
            Raw.putLong(at + i * IOVEC_BYTES, io.address(i));
            Raw.putLong(at + i * IOVEC_BYTES + 8, io.length(i));
        }
        return at;
    }

    /** The same with the iovecs of {@code second} after them. */
    long iovecs(BdevIo io, IoVec second) {
        int slot = io.slot();
        int first = io.segmentCount();
        if (slot >= iovecs.length || iovecSizes[slot] < first + second.count()) {
            grow(slot, first + second.count());
        }
        long at = iovecs(io);
        for (int i = 0; i < second.count(); i++) {
            Raw.putLong(at + bytes(first + i), second.address(i));
            Raw.putLong(at + bytes(first + i) + 8, second.length(i));
        }
        return at;
    }

    /** The bytes that iovecs take. */
    static long bytes(int iovecs) {
        return iovecs * IOVEC_BYTES;
    }

    private void grow(int slot, int pieces) {
        if (slot >= iovecs.length) {
            int size = Math.max(slot + 1, iovecs.length * 2);
            iovecs = java.util.Arrays.copyOf(iovecs, size);
            iovecSizes = java.util.Arrays.copyOf(iovecSizes, size);
        }
        int size = Integer.highestOneBit(Math.max(8, pieces) * 2 - 1);
        iovecs[slot] = arena.allocate(size * IOVEC_BYTES, 16).address();
        iovecSizes[slot] = size;
    }

    boolean isClosed() {
        return !arena.scope().isAlive();
    }

    void close(SpdkThread thread) {
        NativeThread.enter(thread).whenIdle(() -> {
            BdevApi.putIoChannel(channel);
            arena.close();
        });
    }
}
