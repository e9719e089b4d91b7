// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Reads and writes of any bytes of a {@link BlockDevice}.
 *
 * <p>A write that does not fill its first or last block reads that block before. Writes lock the blocks they touch,
 * so that two neighbours in one block do not lose each other's bytes. All in parts of bounded size, one after the
 * other.
 *
 * <p>Thread rule: any thread; what follows on a part runs on the runtime's helper threads.
 */
final class UnalignedIo {
    private final BlockDevice device;
    private final RangeLocks locks = new RangeLocks();
    private final Executor helpers;
    private final long unit;
    private final long partBytes;

    UnalignedIo(BlockDevice device) {
        this.device = device;
        this.helpers = device.bdevs().runtime().offload();
        Bdev bdev = device.bdev();
        this.unit = (long) bdev.blockSize * (bdev.splitOnWriteUnit() ? bdev.writeUnitSize() : 1);
        this.partBytes = Math.max(2 * unit, device.options().copyBufferBytes() / unit * unit);
    }

    /** Fills {@code target}; completes with the bytes read: fewer at the end of the device, -1 behind it. */
    CompletableFuture<Integer> read(MemorySegment target, long position) {
        long size = device.sizeBytes();
        if (position >= size) {
            return CompletableFuture.completedFuture(-1);
        }
        long bytes = Math.min(target.byteSize(), size - position);
        return CompletableFuture.allOf()
                .thenCompose(_ -> readPart(target, position, 0, bytes))
                .thenApply(_ -> Math.toIntExact(bytes));
    }

    private CompletableFuture<Void> readPart(MemorySegment target, long position, long done, long bytes) {
        if (done == bytes) {
            return CompletableFuture.allOf();
        }
        long at = position + done;
        long begin = at - at % unit;
        long n = Math.min(bytes - done, partBytes - (at - begin));
        DmaBuf buf = device.copyBuffer(aligned(at + n) - begin);
        return using(
                        buf,
                        () -> device.readAsync(buf, begin)
                                .thenAcceptAsync(
                                        _ -> MemorySegment.copy(buf.segment(), at - begin, target, done, n), helpers))
                .thenCompose(_ -> readPart(target, position, done + n, bytes));
    }

    /** Stores {@code source}; completes with the bytes written, which are fewer at the end of the device. */
    CompletableFuture<Integer> write(MemorySegment source, long position) {
        long size = device.sizeBytes();
        if (source.byteSize() == 0) {
            return CompletableFuture.completedFuture(0);
        }
        if (position >= size) {
            return CompletableFuture.failedFuture(new SpdkException(
                    Errno.ENOSPC,
                    "write at " + position + " of bdev " + device.bdev().name() + ": it has " + size
                            + " bytes and does not grow"));
        }
        long bytes = Math.min(source.byteSize(), size - position);
        RangeLocks.Range range = locks.lock(position / unit, (position + bytes - 1) / unit);
        return range.granted
                .thenComposeAsync(_ -> writePart(source, position, 0, bytes), helpers)
                .whenComplete((_, _) -> locks.unlock(range))
                .thenApply(_ -> Math.toIntExact(bytes));
    }

    private CompletableFuture<Void> writePart(MemorySegment source, long position, long done, long bytes) {
        if (done == bytes) {
            return CompletableFuture.allOf();
        }
        long at = position + done;
        long begin = at - at % unit;
        long n = Math.min(bytes - done, partBytes - (at - begin));
        long end = aligned(at + n);
        DmaBuf buf = device.copyBuffer(end - begin);
        return using(
                        buf,
                        () -> readEdges(buf, begin, at, at + n, end).thenCompose(_ -> {
                            MemorySegment.copy(source, done, buf.segment(), at - begin, n);
                            return device.writeAsync(buf, begin);
                        }))
                .thenCompose(_ -> writePart(source, position, done + n, bytes));
    }

    /** Brings in what the first and the last unit hold beside the new bytes. */
    private CompletableFuture<Void> readEdges(DmaBuf buf, long begin, long from, long to, long end) {
        boolean head = from != begin;
        boolean tail = to != end && (!head || end - begin > unit);
        CompletableFuture<Void> first = head ? readInto(buf, 0, begin) : CompletableFuture.allOf();
        CompletableFuture<Void> last = tail ? readInto(buf, end - unit - begin, end - unit) : CompletableFuture.allOf();
        return CompletableFuture.allOf(first, last);
    }

    private CompletableFuture<Void> readInto(DmaBuf buf, long at, long offset) {
        DmaBuf part = buf.slice(at, unit);
        return using(part, () -> device.readAsync(part, offset));
    }

    /** Does {@code work} and closes {@code buf} at its end, whatever the end. */
    private CompletableFuture<Void> using(DmaBuf buf, Supplier<CompletableFuture<Void>> work) {
        CompletableFuture<Void> started;
        try {
            started = work.get();
        } catch (RuntimeException e) {
            started = CompletableFuture.failedFuture(e);
        }
        return started.whenCompleteAsync((_, _) -> buf.close(), helpers);
    }

    private long aligned(long bytes) {
        return Math.min((bytes + unit - 1) / unit * unit, device.sizeBytes());
    }
}
