// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads and writes the superblock of one base. On the thread of the channel, where the futures complete. */
final class SuperblockIo {
    /** What is read at first, in bytes: the whole superblock of an array of up to 60 bases. */
    private static final int FIRST_READ = 4096;

    private SuperblockIo() {}

    /** The superblock of a device, or null if there is none. Fails with EINVAL if there is a bad one. */
    static CompletableFuture<@Nullable RaidSuperblock> read(BdevChannel channel) {
        return read(channel, FIRST_READ).thenCompose(head -> {
            try {
                if (!RaidSuperblock.hasSignature(head)) {
                    return CompletableFuture.completedFuture(null);
                }
                int length = RaidSuperblock.lengthOf(head);
                return length <= head.length
                        ? CompletableFuture.completedFuture(RaidSuperblock.parse(head))
                        : read(channel, length).thenCompose(SuperblockIo::parse);
            } catch (SpdkException e) {
                return CompletableFuture.failedFuture(e);
            }
        });
    }

    private static CompletableFuture<@Nullable RaidSuperblock> parse(byte[] bytes) {
        try {
            return CompletableFuture.completedFuture(RaidSuperblock.parse(bytes));
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static CompletableFuture<byte[]> read(BdevChannel channel, int length) {
        long bytes = Math.min(roundUp(channel.bdev(), length), channel.bdev().sizeBytes());
        if (bytes == 0) {
            return CompletableFuture.completedFuture(new byte[0]);
        }
        return buffer(channel, bytes)
                .thenCompose(buf -> closing(
                        buf,
                        () -> channel.readAsync(buf, 0).thenApply(_ -> {
                            byte[] content = new byte[(int) bytes];
                            buf.copyTo(content);
                            return content;
                        })));
    }

    /** Gives the buffer back when the I/O has ended, or could not begin since the base went away meanwhile. */
    private static <T> CompletableFuture<T> closing(DmaBuf buf, Supplier<CompletableFuture<T>> io) {
        try {
            return io.get().whenComplete((_, _) -> buf.close());
        } catch (RuntimeException e) {
            buf.close();
            throw e;
        }
    }

    /** Stores bytes at the beginning of a device, to last. */
    static CompletableFuture<Void> write(BdevChannel channel, byte[] bytes) {
        return buffer(channel, roundUp(channel.bdev(), bytes.length))
                .thenCompose(buf -> closing(buf, () -> {
                    buf.copyFrom(0, bytes, 0, bytes.length);
                    return channel.writeAsync(buf, 0);
                }))
                .thenCompose(_ -> flush(channel));
    }

    /** Makes what was written to the device last. */
    static CompletableFuture<Void> flush(BdevChannel channel) {
        Bdev bdev = channel.bdev();
        return bdev.supports(IoType.FLUSH)
                ? channel.flushBlocksAsync(0, bdev.blockCount())
                : CompletableFuture.completedFuture(null);
    }

    private static long roundUp(Bdev bdev, int bytes) {
        return (bytes + bdev.blockSize() - 1L) / bdev.blockSize() * bdev.blockSize();
    }

    /** A buffer of zeroes, as soon as there is memory: a full pool must not look like a base that failed. */
    private static CompletableFuture<DmaBuf> buffer(BdevChannel channel, long bytes) {
        Bdev bdev = channel.bdev();
        CompletableFuture<DmaBuf> buffer = bdev.manager().runtime().newFuture();
        int alignment = Math.max(bdev.requiredAlignment(), 64);
        var _ = bdev.manager().pool().onAvailable(bytes, alignment, channel.thread(), buf -> {
            buf.fill((byte) 0);
            buffer.complete(buf);
        });
        return buffer;
    }
}
