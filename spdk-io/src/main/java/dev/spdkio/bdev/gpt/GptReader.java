// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Looks for a partition table on a device: at its beginning, and if that is broken at its end.
 *
 * <p>Thread rule: the app thread.
 */
final class GptReader implements AutoCloseable {
    private static final Logger LOG = System.getLogger(GptReader.class.getName());

    private final Bdev bdev;
    private final BdevDesc desc;
    private final BdevChannel channel;
    private final long regionBlocks;
    private final DmaBuf buf;

    private GptReader(Bdev bdev, long regionBlocks) throws SpdkException {
        this.bdev = bdev;
        this.regionBlocks = regionBlocks;
        this.desc = bdev.manager().open(bdev.name(), OpenMode.READ_ONLY, BdevEventListener.NONE);
        try {
            this.channel = desc.openChannel();
            this.buf = bdev.manager().pool().allocate(regionBlocks * bdev.blockSize(), bdev.requiredAlignment());
            buf.fill((byte) 0); // a null device leaves what is there
        } catch (RuntimeException e) {
            desc.close();
            throw e;
        }
    }

    /** Completes with the table of the device, if it has one. Fails if the device cannot be read. */
    static CompletableFuture<Optional<GptTable>> read(Bdev bdev) throws SpdkException {
        long regionBlocks = GptTable.regionBlocks(bdev.blockSize(), bdev.blockCount());
        if (regionBlocks == 0) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        GptReader reader = new GptReader(bdev, regionBlocks);
        return reader.readFirst().whenComplete((_, _) -> reader.close());
    }

    private CompletableFuture<ByteBuffer> readBlocks(long block) {
        return channel.readBlocksAsync(buf, block, regionBlocks).thenApply(_ -> {
            byte[] copy = new byte[Math.toIntExact(regionBlocks * bdev.blockSize())];
            buf.copyTo(copy);
            return ByteBuffer.wrap(copy);
        });
    }

    private CompletableFuture<Optional<GptTable>> readFirst() {
        long blockCount = bdev.blockCount();
        return readBlocks(0).thenCompose(first -> {
            if (!GptTable.isAnnounced(first, blockCount)) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            try {
                return CompletableFuture.completedFuture(
                        Optional.of(GptTable.primary(first, bdev.blockSize(), blockCount)));
            } catch (SpdkException broken) {
                return readLast(blockCount, broken);
            }
        });
    }

    private CompletableFuture<Optional<GptTable>> readLast(long blockCount, SpdkException first) {
        return readBlocks(blockCount - regionBlocks).thenApply(last -> {
            try {
                GptTable table = GptTable.secondary(last, bdev.blockSize(), blockCount);
                LOG.log(
                        Level.WARNING,
                        "bdev {0}: {1}; the table at its end is used: repair the first",
                        bdev.name(),
                        first.getMessage());
                return Optional.of(table);
            } catch (SpdkException second) {
                LOG.log(
                        Level.WARNING,
                        "bdev {0} has no partitions: {1}, and of the table at its end {2}",
                        bdev.name(),
                        first.getMessage(),
                        second.getMessage());
                return Optional.empty();
            }
        });
    }

    @Override
    public void close() {
        buf.close();
        desc.close();
    }
}
