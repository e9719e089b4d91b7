// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.spdk.ffi.CommandApi;
import org.jspecify.annotations.Nullable;

/**
 * A copy to a range overlapping its source. SPDK would copy its parts in any order, or leave it to a function that may
 * not be used so: it gets pieces that do not harm each other, one after the other, from the end that keeps the source.
 *
 * <p>Thread rule: owned by the thread of its channel.
 */
final class OverlappingCopy {
    private final NativeChannel channel;
    private final long desc;
    private final long target;
    private final long source;
    private final long count;
    private final long most;
    private long done;
    private long piece;

    private OverlappingCopy(NativeChannel channel, BdevIo io, long distance) {
        this.channel = channel;
        this.desc = io.descHandle();
        this.target = io.offsetBlocks();
        this.source = io.sourceBlock();
        this.count = io.blockCount();
        this.most = Math.max(distance, channel.device.copyBufferBlocks());
    }

    /** One, if the I/O is one. */
    static @Nullable OverlappingCopy of(NativeChannel channel, BdevIo io) {
        if (io.type() != IoType.COPY) {
            return null;
        }
        long distance = Math.abs(io.offsetBlocks() - io.sourceBlock());
        return distance < io.blockCount() ? new OverlappingCopy(channel, io, distance) : null;
    }

    /** Copies the next piece. Returns 0 or a negative error number. */
    int startPiece(long callback, long argument) {
        piece = Math.min(most, count - done);
        long at = target > source ? count - done - piece : done;
        return CommandApi.copy(desc, channel.channel, target + at, source + at, piece, callback, argument);
    }

    /** A piece has ended: whether there is another. One that SPDK had no room for is tried again: others are done. */
    boolean goesOn(IoStatus status) {
        if (status == IoStatus.NOMEM) {
            return done > 0;
        }
        done += piece;
        return status.isSuccess() && done < count;
    }
}
