// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.memory.DmaBuf;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stripe that is written, with a buffer for its parity, or part of a strip that is put together from the others, with
 * a buffer for each of them. Owned by the thread of its channel.
 */
final class Stripe implements IoCompletion {
    final List<DmaBuf> buffers = new ArrayList<>();
    private final RaidChannel channel;

    long number;

    /** Of a strip that is put together: who wants it, and how many reads are left. */
    @Nullable
    BdevIo io;

    /** The base that could not say what it has, or -1. */
    int failedSlot;

    private int left;
    private IoStatus status = IoStatus.SUCCESS;

    Stripe(RaidChannel channel) {
        this.channel = channel;
    }

    void expect(int reads) {
        left = reads;
        status = IoStatus.SUCCESS;
    }

    @Override
    public void completed(IoStatus result, @Nullable Object ignored) {
        if (!result.isSuccess()) {
            status = result;
        }
        if (--left == 0) {
            ((Raid5f) channel.layout).putTogether(channel, this, Objects.requireNonNull(io), status);
        }
    }

    /** The parity of what a write of whole strips brings, into the first buffer. */
    void computeParity(BdevIo write, long stripBytes) {
        MemorySegment parity = buffers.getFirst().segment();
        long at = 0;
        for (int i = 0; i < write.segmentCount(); i++) {
            MemorySegment memory = write.memory(i);
            long from = write.memoryOffset(i);
            for (long left = write.length(i); left > 0; ) {
                long inStrip = at % stripBytes;
                long count = Math.min(left, stripBytes - inStrip);
                if (at < stripBytes) {
                    MemorySegment.copy(memory, from, parity, inStrip, count);
                } else {
                    Xor.into(parity, inStrip, memory, from, count);
                }
                at += count;
                from += count;
                left -= count;
            }
        }
    }

    /** What the first {@code count} buffers have in common, into the memory of a read. */
    void xorInto(BdevIo read, int count) {
        long bytes = read.lengthBytes();
        MemorySegment sum = buffers.getFirst().segment();
        for (int i = 1; i < count; i++) {
            Xor.into(sum, 0, buffers.get(i).segment(), 0, bytes);
        }
        long at = 0;
        for (int i = 0; i < read.segmentCount(); i++) {
            MemorySegment.copy(sum, at, read.memory(i), read.memoryOffset(i), read.length(i));
            at += read.length(i);
        }
    }

    void close() {
        buffers.forEach(DmaBuf::close);
        buffers.clear();
    }
}
