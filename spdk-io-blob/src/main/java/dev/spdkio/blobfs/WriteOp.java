// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Writes bytes into the cache, and zeroes between the end of the file and where it begins. A buffer that is full goes
 * to the device at once.
 */
class WriteOp extends FileOp {
    /** Where it begins: at the end of the file. */
    static final long END = -1;

    private final MemorySegment source;
    private long offset;
    private long done;
    private long zeroedTo;

    WriteOp(Node node, MemorySegment source, long offset) {
        this(node, Kind.WRITE, source, offset);
    }

    WriteOp(Node node, Kind kind, MemorySegment source, long offset) {
        super(node, kind);
        this.source = source;
        this.offset = offset;
    }

    /** Where it began. */
    final long offset() {
        return offset;
    }

    /** An append has the end of the file to itself, as has what leaves a gap. */
    @Override
    final void place() {
        long length = node.length;
        first = offset == END ? length : Math.min(length, offset);
        last = offset == END ? Long.MAX_VALUE : offset + source.byteSize();
    }

    @Override
    @Nullable
    Wait attempt() throws SpdkException {
        node.checkWritable();
        if (offset == END) {
            offset = node.length;
        }
        long end = Math.addExact(offset, source.byteSize());
        if (end > node.capacity()) {
            return Wait.mine(node.grow(end));
        }
        node.growSoon(end);
        if (zeroedTo > 0) {
            node.zeroed(zeroedTo);
            zeroedTo = 0;
        }
        while (node.length < offset) {
            long at = node.length;
            long whole = (offset - at) / BlobFsOptions.BUFFER_BYTES * BlobFsOptions.BUFFER_BYTES;
            if (at % BlobFsOptions.BUFFER_BYTES == 0 && whole > 0) {
                zeroedTo = at + whole;
                return Wait.mine(node.zero(at, whole));
            }
            Wait wait = piece(at, Math.min(offset, bufferEnd(at)), true);
            if (wait != null) {
                return wait;
            }
        }
        while (done < source.byteSize()) {
            long at = offset + done;
            long until = Math.min(end, bufferEnd(at));
            Wait wait = piece(at, until, false);
            if (wait != null) {
                return wait;
            }
            done = until - offset;
        }
        return null;
    }

    private static long bufferEnd(long at) {
        return (at / BlobFsOptions.BUFFER_BYTES + 1) * BlobFsOptions.BUFFER_BYTES;
    }

    /** Puts bytes of one buffer there. */
    private @Nullable Wait piece(long at, long until, boolean zeroes) {
        long index = at / BlobFsOptions.BUFFER_BYTES;
        CacheBuffer b = node.buffer(index);
        if (b == null) {
            DmaBuf memory = spare;
            if (memory == null) {
                return Wait.ROOM;
            }
            spare = null;
            b = node.add(index, memory);
        }
        b.referenced = true;
        CompletableFuture<Void> io = b.io();
        if (io != null) {
            return Wait.of(io);
        }
        Wait wait = edge(b, at, at, until);
        if (wait == null && (until - 1) / node.unit != at / node.unit) {
            wait = edge(b, until - 1, at, until);
        }
        if (wait != null) {
            return wait;
        }
        if (zeroes) {
            b.memory.fill(at - b.start(), until - at, (byte) 0);
        } else {
            MemorySegment.copy(source, at - offset, b.memory.segment(), at - b.start(), until - at);
        }
        node.written(b, at, until);
        return null;
    }

    /** Has the unit of the byte {@code of} hold what is not written of it. */
    private @Nullable Wait edge(CacheBuffer b, long of, long at, long until) {
        long unit = node.unit;
        long begin = of / unit * unit;
        if (node.isValid(b, begin, begin + 1)) {
            return null;
        }
        long length = node.length;
        boolean needed = (begin < at && begin < length) || (until < begin + unit && until < length);
        if (needed) {
            return Wait.mine(node.load(b, begin, begin + unit));
        }
        b.memory.fill(begin - b.start(), unit, (byte) 0);
        return null;
    }
}
