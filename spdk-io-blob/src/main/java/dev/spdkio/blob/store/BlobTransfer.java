// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.spi.BlobRequest;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request of a {@link JavaBlobChannel} on its way. */
final class BlobTransfer extends Transfer {
    private final JavaBlobChannel channel;
    private final int slot;
    private @Nullable BlobRequest request;

    BlobTransfer(JavaBlobstore owner, Lane lane, JavaBlobChannel channel, int slot) {
        super(owner, lane);
        this.channel = channel;
        this.slot = slot;
    }

    void start(BlobRequest r) {
        request = r;
        start(((JavaBlob) r.blob()).state(), r.type(), r.offset(), r.count());
    }

    private BlobRequest request() {
        return Objects.requireNonNull(request);
    }

    @Override
    void submit(BdevChannel to, IoType type, long firstByte, long block, long blocks) {
        BlobRequest r = request();
        IoVec vec = r.vec();
        if (vec == null) {
            to.submit(type, r.buf(), firstByte, block, blocks, this, null);
            return;
        }
        long bytes = blocks * to.bdev().blockSize();
        IoVec part = bytes == vec.totalBytes() ? vec : vec.slice(firstByte, bytes);
        if (type == IoType.READ) {
            to.submitReadvBlocks(part, block, this, null);
        } else {
            to.submitWritevBlocks(part, block, this, null);
        }
    }

    @Override
    void zero(long firstByte, long bytes) {
        DmaBuf buf = request().buf();
        if (buf != null) {
            buf.fill(firstByte, bytes, (byte) 0);
        } else {
            Objects.requireNonNull(request().vec()).slice(firstByte, bytes).fill((byte) 0);
        }
    }

    @Override
    void ended(IoStatus status) {
        request = null;
        forget();
        channel.over(slot, status);
    }
}
