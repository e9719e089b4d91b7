// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Reads bytes of a file, from the cache or past it. */
final class ReadOp extends FileOp {
    private final MemorySegment target;
    private final long offset;

    /** Whether what is read is to be in the cache; else the device is asked for no more than is needed. */
    private final boolean cached;

    /** Buffers to be read beyond. */
    private final int ahead;

    /** Whether what was read is not expected to be read again. */
    private final boolean passing;

    private long at;
    private long end = -1;
    private long aheadOf = -1;
    private @Nullable DmaBuf direct;
    private long directStart;

    ReadOp(Node node, MemorySegment target, long offset, boolean cached, int ahead, boolean passing) {
        super(node, Kind.READ);
        this.target = target;
        this.offset = offset;
        this.cached = cached;
        this.ahead = ahead;
        this.passing = passing;
        this.at = offset;
    }

    /** The bytes that were read, or -1 at the end of the file. */
    long result() {
        return at == offset && target.byteSize() > 0 ? -1 : at - offset;
    }

    @Override
    @Nullable
    Wait attempt() {
        if (end < 0) {
            end = Math.max(offset, offset + Math.min(target.byteSize(), node.length - offset));
        }
        while (at < end) {
            DmaBuf arrived = direct;
            if (arrived != null) {
                long until = Math.min(end, directStart + arrived.size());
                copy(arrived, directStart, until);
                release();
                continue;
            }
            long index = at / BlobFsOptions.BUFFER_BYTES;
            long until = Math.min(end, (index + 1) * BlobFsOptions.BUFFER_BYTES);
            CacheBuffer b = node.buffer(index);
            if (b == null && !cached) {
                return readDirectly(until);
            }
            if (b == null) {
                DmaBuf memory = spare;
                if (memory == null) {
                    return Wait.ROOM;
                }
                spare = null;
                b = node.add(index, memory);
            }
            b.referenced = true;
            if (b.ahead) {
                b.ahead = false;
                aheadOf = index; // so that it does not end with what was read ahead
            }
            if (!b.isLoading() && node.isValid(b, at, until)) {
                copy(b.memory, b.start(), until);
                if (passing && until % BlobFsOptions.BUFFER_BYTES == 0 && b.isIdle()) {
                    node.fs.cache().pass(b);
                }
                continue;
            }
            CompletableFuture<Void> io = b.io();
            if (io != null) {
                return Wait.of(io);
            }
            aheadOf = index;
            return Wait.mine(cached ? node.load(b, b.start(), node.length) : node.load(b, at, until));
        }
        return null;
    }

    private Wait readDirectly(long until) {
        Blob blob = node.openBlob();
        long unit = node.unit;
        directStart = at / unit * unit;
        long count = (until - directStart + unit - 1) / unit;
        DmaBuf buf = node.fs.pool().allocate(count * unit);
        direct = buf;
        return Wait.mine(node.fs.lanes().transfer(IoType.READ, blob, buf, 0, directStart / unit, count));
    }

    private void copy(DmaBuf from, long start, long until) {
        MemorySegment.copy(from.segment(), at - start, target, at - offset, until - at);
        at = until;
    }

    @Override
    void between() {
        if (aheadOf >= 0) {
            for (int i = 1; i <= ahead; i++) {
                node.readAhead(aheadOf + i);
            }
            aheadOf = -1;
        }
    }

    @Override
    void release() {
        DmaBuf buf = direct;
        if (buf != null) {
            direct = null;
            buf.close();
        }
    }
}
