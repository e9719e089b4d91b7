// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** Bits on a device that say what is used. Stands for {@code struct spdk_bs_md_mask}. */
public enum Mask {
    /** Metadata pages. */
    PAGES(0),
    /** Clusters. */
    CLUSTERS(1),
    /** Blobs, by their root pages. */
    BLOBS(2);

    private static final int HEADER = 5;

    private final int type;

    Mask(int type) {
        this.type = type;
    }

    /** Pages that so many bits need. */
    public static int pages(long bits, int pageSize) {
        return Math.toIntExact(SuperBlock.ceilDiv(HEADER + SuperBlock.ceilDiv(bits, 8), pageSize));
    }

    /** Writes bits below {@code length} to memory. */
    public void encode(BitSet bits, int length, MemorySegment s) {
        s.fill((byte) 0);
        Le.putU8(s, 0, type);
        Le.putI32(s, 1, length);
        Le.putBytes(s, HEADER, bits.get(0, length).toByteArray());
    }

    /**
     * Reads bits.
     *
     * @param expected how many there must be; of clusters there may be more, which are left out
     * @throws MalformedMetadataException if that is something else
     */
    public BitSet decode(MemorySegment s, int expected) throws MalformedMetadataException {
        int found = Le.u8(s, 0);
        long length = Le.u32(s, 1);
        if (found != type
                || (this == CLUSTERS ? length < expected : length != expected)
                || length > (s.byteSize() - HEADER) * 8) {
            throw new MalformedMetadataException("the mask of " + this + " has type " + found + " and " + length
                    + " bits: type " + type + " and " + expected + " are right");
        }
        BitSet bits = BitSet.valueOf(
                s.asSlice(HEADER, SuperBlock.ceilDiv(expected, 8)).toArray(ValueLayout.JAVA_BYTE));
        bits.clear(expected, Math.max(expected, bits.length()));
        return bits;
    }
}
