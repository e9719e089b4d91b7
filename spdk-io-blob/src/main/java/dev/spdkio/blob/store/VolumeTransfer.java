// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An I/O of a {@link VolumeChannel} on its way, as a child of itself. */
final class VolumeTransfer extends Transfer {
    private final VolumeChannel channel;

    /** Kept when it is over: the next one in its slot is the same object. */
    private @Nullable BdevIo io;

    VolumeTransfer(JavaBlobstore owner, Lane lane, VolumeChannel channel) {
        super(owner, lane);
        this.channel = channel;
    }

    void start(BlobState blob, BdevIo parent) {
        if (io != parent) {
            io = parent;
        }
        start(blob, parent.type(), parent.offsetBlocks(), parent.blockCount());
    }

    private BdevIo io() {
        return Objects.requireNonNull(io);
    }

    @Override
    void submit(BdevChannel to, IoType type, long firstByte, long block, long blocks) {
        to.submitChild(io(), type, firstByte, block, blocks, this, null);
    }

    @Override
    void zero(long firstByte, long bytes) {
        BdevIo parent = io();
        long skip = firstByte;
        long left = bytes;
        for (int i = 0; left > 0; i++) {
            long n = Math.min(left, parent.length(i) - skip);
            if (n > 0) {
                parent.memory(i).asSlice(parent.memoryOffset(i) + skip, n).fill((byte) 0);
                left -= n;
                skip = 0;
            } else {
                skip -= parent.length(i);
            }
        }
    }

    @Override
    void ended(IoStatus status) {
        channel.over();
        io().complete(status);
    }
}
