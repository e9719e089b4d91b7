// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.spi.BlobChannelBase;
import dev.spdkio.blob.spi.BlobRequest;
import dev.spdkio.runtime.SpdkThread;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Carries the requests of a thread to the device. */
final class JavaBlobChannel extends BlobChannelBase {
    private final JavaBlobstore owner;
    private final Lane lane;
    private @Nullable BlobTransfer[] transfers = new BlobTransfer[64];

    JavaBlobChannel(JavaBlobstore owner, SpdkThread thread) {
        super(owner, thread);
        this.owner = owner;
        this.lane = new Lane(owner.store(), thread);
    }

    @Override
    protected void start(BlobRequest request) {
        transfer(request.slot()).start(request);
    }

    private BlobTransfer transfer(int slot) {
        if (slot >= transfers.length) {
            transfers = Arrays.copyOf(transfers, Math.max(slot + 1, 2 * transfers.length));
        }
        BlobTransfer t = transfers[slot];
        if (t == null) {
            t = new BlobTransfer(owner, lane, this, slot);
            transfers[slot] = t;
        }
        return t;
    }

    /** A request is over. */
    void over(int slot, IoStatus status) {
        ended(slot, status);
    }

    @Override
    protected void release() {
        lane.close();
        owner.channelGone(this);
    }
}
