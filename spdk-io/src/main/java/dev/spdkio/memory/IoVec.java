// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A list of parts of {@link DmaBuf}s that one I/O reads or writes one after the other, as if they were one buffer.
 * Stands for an array of {@code struct iovec}.
 *
 * <p>It is immutable, and may be used for any number of I/Os, also at once. It does not own the buffers: whoever has
 * them closes them, and not before the I/O has completed, which they refuse. Parts may overlap or be the same, which
 * makes sense for writing only.
 *
 * <p>Thread rule: any thread, as far as the buffers allow it.
 */
public final class IoVec {
    /** The most parts there can be: what the system calls take ({@code IOV_MAX}). */
    public static final int MAX_PARTS = 1024;

    private final DmaBuf[] bufs;
    private final long[] offsets;

    /** Where each part begins in the whole, and where the last one ends. */
    private final long[] starts;

    private IoVec(DmaBuf[] bufs, long[] offsets, long[] lengths) {
        this.bufs = bufs;
        this.offsets = offsets;
        this.starts = new long[bufs.length + 1];
        for (int i = 0; i < bufs.length; i++) {
            starts[i + 1] = Math.addExact(starts[i], lengths[i]);
        }
    }

    /** A list of whole buffers, at least one. */
    public static IoVec of(DmaBuf... bufs) {
        return of(Arrays.asList(bufs));
    }

    /** A list of whole buffers, at least one. */
    public static IoVec of(List<DmaBuf> bufs) {
        Builder builder = builder();
        bufs.forEach(builder::add);
        return builder.build();
    }

    /** Begins a list part by part. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects parts. It may be used again after {@link #clear}. One thread at a time. */
    public static final class Builder {
        private final List<DmaBuf> bufs = new ArrayList<>();
        private long[] offsets = new long[8];
        private long[] lengths = new long[8];

        private Builder() {}

        /** Adds a whole buffer. */
        public Builder add(DmaBuf buf) {
            return add(buf, 0, buf.size());
        }

        /**
         * Adds a part of a buffer.
         *
         * @param buf the buffer
         * @param offset its first byte
         * @param length the number of bytes, at least 1
         * @throws IndexOutOfBoundsException if that is not inside
         * @throws LimitExceededException if there are {@link #MAX_PARTS} parts already
         */
        public Builder add(DmaBuf buf, long offset, long length) {
            buf.checkRange(offset, length, "an IoVec part");
            if (length == 0) {
                throw new IllegalArgumentException("an empty IoVec part of " + buf);
            }
            int n = bufs.size();
            if (n == MAX_PARTS) {
                throw new LimitExceededException(
                        "MAX_PARTS",
                        MAX_PARTS,
                        "an IoVec takes no more parts: use larger buffers or more than one I/O");
            }
            if (n == offsets.length) {
                offsets = Arrays.copyOf(offsets, n * 2);
                lengths = Arrays.copyOf(lengths, n * 2);
            }
            bufs.add(buf);
            offsets[n] = offset;
            lengths[n] = length;
            return this;
        }

        /** Begins anew. */
        public Builder clear() {
            bufs.clear();
            return this;
        }

        /** Makes the list of what was added since {@link #clear}, at least one part. */
        public IoVec build() {
            int n = bufs.size();
            if (n == 0) {
                throw new IllegalArgumentException("an IoVec without parts: add at least one buffer");
            }
            return new IoVec(bufs.toArray(new DmaBuf[0]), Arrays.copyOf(offsets, n), Arrays.copyOf(lengths, n));
        }
    }

    // ---- parts -----------------------------------------------------------------------------------------------

    /** The number of parts. */
    public int count() {
        return bufs.length;
    }

    /** The size of all parts together. */
    public long totalBytes() {
        return starts[bufs.length];
    }

    /** The buffer that a part is of. */
    public DmaBuf buf(int part) {
        return bufs[part];
    }

    /** Where a part begins in its buffer. */
    public long offset(int part) {
        return offsets[part];
    }

    /** The size of a part. */
    public long length(int part) {
        return starts[part + 1] - starts[part];
    }

    /** The address of a part, as devices use it. */
    public long address(int part) {
        return bufs[part].address() + offsets[part];
    }

    /** The memory of a part. Allocates nothing if the part is a whole buffer. */
    public MemorySegment segment(int part) {
        DmaBuf buf = bufs[part];
        long length = length(part);
        return length == buf.size() ? buf.segment() : buf.segment().asSlice(offsets[part], length);
    }

    /**
     * Makes the list for a range of the whole; no data is copied.
     *
     * @param offset the first byte in the whole
     * @param length the number of bytes, at least 1
     * @throws IndexOutOfBoundsException if that is not inside
     */
    public IoVec slice(long offset, long length) {
        checkRange(offset, length, "slice");
        if (length == 0) {
            throw new IllegalArgumentException("an empty slice of " + this);
        }
        int first = partAt(offset);
        int last = partAt(offset + length - 1);
        int n = last - first + 1;
        long[] newOffsets = Arrays.copyOfRange(offsets, first, last + 1);
        long[] newLengths = new long[n];
        for (int i = 0; i < n; i++) {
            long begin = Math.max(offset, starts[first + i]);
            long end = Math.min(offset + length, starts[first + i + 1]);
            newOffsets[i] += begin - starts[first + i];
            newLengths[i] = end - begin;
        }
        return new IoVec(Arrays.copyOfRange(bufs, first, last + 1), newOffsets, newLengths);
    }

    private int partAt(long offset) {
        int found = Arrays.binarySearch(starts, offset);
        return found >= 0 ? found : -found - 2;
    }

    // ---- contents --------------------------------------------------------------------------------------------

    /** Copies a whole segment to {@code offset}. */
    public void copyFrom(long offset, MemorySegment source) {
        copyFrom(offset, source, 0, source.byteSize());
    }

    /** Copies a part of a segment to {@code offset}. */
    public void copyFrom(long offset, MemorySegment source, long sourceOffset, long length) {
        checkRange(offset, length, "copy");
        long done = 0;
        for (int i = partAt(offset); done < length; i++) {
            long skip = offset + done - starts[i];
            long n = Math.min(length - done, length(i) - skip);
            MemorySegment.copy(source, sourceOffset + done, bufs[i].segment(), offsets[i] + skip, n);
            done += n;
        }
    }

    /** Copies a whole array to {@code offset}. */
    public void copyFrom(long offset, byte[] source) {
        copyFrom(offset, MemorySegment.ofArray(source));
    }

    /** Copies what remains in a byte buffer to {@code offset}, and moves its position to its limit. */
    public void copyFrom(long offset, ByteBuffer source) {
        copyFrom(offset, MemorySegment.ofBuffer(source));
        source.position(source.limit());
    }

    /** Copies from {@code offset} as much as the segment holds. */
    public void copyTo(long offset, MemorySegment target) {
        copyTo(offset, target, 0, target.byteSize());
    }

    /** Copies {@code length} bytes from {@code offset} to a part of a segment. */
    public void copyTo(long offset, MemorySegment target, long targetOffset, long length) {
        checkRange(offset, length, "copy");
        long done = 0;
        for (int i = partAt(offset); done < length; i++) {
            long skip = offset + done - starts[i];
            long n = Math.min(length - done, length(i) - skip);
            MemorySegment.copy(bufs[i].segment(), offsets[i] + skip, target, targetOffset + done, n);
            done += n;
        }
    }

    /** Copies from {@code offset} as much as the array holds. */
    public void copyTo(long offset, byte[] target) {
        copyTo(offset, MemorySegment.ofArray(target));
    }

    /** Copies from {@code offset} until the byte buffer is full, and moves its position to its limit. */
    public void copyTo(long offset, ByteBuffer target) {
        copyTo(offset, MemorySegment.ofBuffer(target));
        target.position(target.limit());
    }

    /** Sets all bytes. */
    public void fill(byte value) {
        for (int i = 0; i < bufs.length; i++) {
            bufs[i].fill(offsets[i], length(i), value);
        }
    }

    // ---- in flight -------------------------------------------------------------------------------------------

    /**
     * Marks all buffers as in flight, or none; see {@link DmaBuf#pin}.
     *
     * @param thread the SPDK thread as which the caller runs; the same one unpins
     * @throws IllegalStateException if one of them is closed
     */
    public void pin(SpdkThread thread) {
        int pinned = 0;
        try {
            while (pinned < bufs.length) {
                bufs[pinned].pin(thread);
                pinned++;
            }
        } catch (RuntimeException e) {
            while (pinned > 0) {
                bufs[--pinned].unpin(thread);
            }
            throw e;
        }
    }

    /**
     * Takes one {@link #pin} of the same thread back.
     *
     * @param thread the SPDK thread as which the caller runs
     */
    public void unpin(SpdkThread thread) {
        for (DmaBuf buf : bufs) {
            buf.unpin(thread);
        }
    }

    private void checkRange(long offset, long length, String what) {
        if (offset < 0 || length < 0 || length > totalBytes() - offset) {
            throw new IndexOutOfBoundsException(
                    what + " of " + length + " bytes at offset " + offset + " is not inside " + this);
        }
    }

    @Override
    public String toString() {
        return "IoVec of " + totalBytes() + " bytes in " + bufs.length + " parts";
    }
}
