// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One part of a request to a {@link BlockDevice}: the message that carries it to its lane, and the completion there.
 * Pooled.
 *
 * <p>Thread rule: prepared by the caller, then owned by the lane's thread.
 */
final class BlockRequest implements Runnable, IoCompletion {
    private final BlockDevice device;
    private @Nullable BlockTransfer transfer;
    private @Nullable BdevChannel lane;

    /** What the device works on: the copy, or a further handle of the caller's buffer. */
    private @Nullable DmaBuf buf;

    private boolean copied;
    private long at;
    private long length;

    BlockRequest(BlockDevice device) {
        this.device = device;
    }

    /** Takes the caller's memory over. Throws with nothing taken. */
    void prepare(BlockTransfer t, BdevChannel channel, @Nullable DmaBuf direct, long from, long bytes) {
        transfer = t;
        lane = channel;
        at = from;
        length = bytes;
        copied = false;
        MemorySegment memory = t.memory;
        if (direct != null) {
            buf = direct.retain();
        } else if (memory != null) {
            DmaBuf copy = device.copyBuffer(bytes);
            buf = copy;
            copied = true;
            if (t.type == IoType.WRITE) {
                MemorySegment.copy(memory, from, copy.segment(), 0, bytes);
            }
        }
    }

    @Override
    public void run() {
        BlockTransfer t = transfer;
        BdevChannel ch = lane;
        if (t == null || ch == null) {
            throw new IllegalStateException("a request that was not prepared");
        }
        try {
            int blockSize = device.blockSize();
            if (t.isGivenUp()) {
                end(IoStatus.ABORTED.toException(describe(t)));
                return;
            }
            ch.submit(t.type, buf, 0, (t.offset + at) / blockSize, length / blockSize, this, t);
        } catch (RuntimeException e) {
            end(e);
        }
    }

    @Override
    public void completed(IoStatus status, @Nullable Object ignored) {
        BlockTransfer t = transfer;
        if (t == null) {
            throw new IllegalStateException("a request that was not prepared");
        }
        if (!status.isSuccess()) {
            end(status.toException(describe(t)));
            return;
        }
        MemorySegment memory = t.memory;
        DmaBuf data = buf;
        if (t.type == IoType.READ && copied && memory != null && data != null && !t.isGivenUp()) {
            try {
                MemorySegment.copy(data.segment(), 0, memory, at, length);
            } catch (RuntimeException e) {
                // The caller's arena was closed meanwhile, say.
                end(e);
                return;
            }
        }
        end(null);
    }

    private String describe(BlockTransfer t) {
        return t.type.jsonName() + " of " + length + " bytes at " + (t.offset + at) + " of bdev "
                + device.bdev().name();
    }

    /** Gives everything back and tells the transfer. */
    void end(@Nullable Throwable failure) {
        BlockTransfer t = transfer;
        DmaBuf data = buf;
        transfer = null;
        lane = null;
        buf = null;
        if (data != null) {
            data.close();
        }
        device.recycle(this);
        if (t != null) {
            t.partEnded(failure);
        }
    }
}
