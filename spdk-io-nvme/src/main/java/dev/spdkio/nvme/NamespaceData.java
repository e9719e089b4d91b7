// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What a namespace is. Stands for {@code struct spdk_nvme_ns_data}: Identify with CNS 0.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class NamespaceData {
    private static final int LBA_FORMATS = 128;
    private static final int MOST_FORMATS = 64;

    private final Bytes d;

    /**
     * A way of dividing the namespace into blocks.
     *
     * @param dataBytes bytes of data in a block
     * @param metadataBytes bytes of metadata in a block
     * @param relativePerformance 0 is the best, 3 the worst
     */
    public record LbaFormat(int dataBytes, int metadataBytes, int relativePerformance) {}

    private NamespaceData(Bytes d) {
        this.d = d;
    }

    /** Copies the 4096 bytes of the answer. */
    public static NamespaceData of(MemorySegment identify) {
        return new NamespaceData(Bytes.identify(identify));
    }

    /** NSZE: the blocks of the namespace. */
    public long sizeBlocks() {
        return d.i64(0);
    }

    /** NCAP: the blocks that may be allocated at once. */
    public long capacityBlocks() {
        return d.i64(8);
    }

    /** NUSE: the blocks that are allocated. */
    public long utilisationBlocks() {
        return d.i64(16);
    }

    /** NSFEAT: features, as bits. */
    public int features() {
        return d.u8(24);
    }

    /** The formats that it can be given. */
    public List<LbaFormat> lbaFormats() {
        List<LbaFormat> formats = new ArrayList<>();
        int count = Math.min(d.u8(25) + 1, MOST_FORMATS);
        for (int i = 0; i < count; i++) {
            formats.add(format(i));
        }
        return List.copyOf(formats);
    }

    /** The format that it has. */
    public LbaFormat lbaFormat() {
        int flbas = d.u8(26);
        return format((flbas & 0xF) | (flbas & 0x60) >> 1);
    }

    private LbaFormat format(int index) {
        int at = LBA_FORMATS + 4 * index;
        int shift = d.u8(at + 2);
        return new LbaFormat(shift == 0 || shift > 30 ? 0 : 1 << shift, d.u16(at), d.u8(at + 3) & 3);
    }

    /** Whether metadata lies behind the data of each block, not in a buffer of its own. */
    public boolean hasExtendedLba() {
        return (d.u8(26) & 0x10) != 0;
    }

    /** DPC: what kinds of protection information it can have, as bits. */
    public int protectionCapabilities() {
        return d.u8(28);
    }

    /** The type of protection information that it has, 1 to 3; 0 for none. */
    public int protectionType() {
        return d.u8(29) & 7;
    }

    /** Whether more than one controller may have it at once. */
    public boolean isShared() {
        return (d.u8(30) & 1) != 0;
    }

    /** NAWUN: blocks that a write stores or does not store together; 0 if the controller's hold. */
    public int atomicWriteUnit() {
        return hasAtomicUnits() ? d.u16(34) + 1 : 0;
    }

    /** NAWUPF: the same when power fails. */
    public int atomicWriteUnitPowerFail() {
        return hasAtomicUnits() ? d.u16(36) + 1 : 0;
    }

    /** NACWU: the same of fused compare and write. */
    public int atomicCompareAndWriteUnit() {
        return hasAtomicUnits() ? d.u16(38) + 1 : 0;
    }

    private boolean hasAtomicUnits() {
        return (features() & 2) != 0;
    }

    /** NOIOB: the blocks between boundaries that I/O had better not cross; 0 for none. */
    public int optimalIoBoundary() {
        return d.u16(46);
    }

    /** ANAGRPID: the group of namespaces whose paths change together. */
    public long anaGroup() {
        return d.u32(92);
    }

    /** NGUID in hexadecimal; zeroes if there is none. */
    public String nguid() {
        return HexFormat.of().formatHex(d.slice(104, 16));
    }

    /** EUI64 in hexadecimal; zeroes if there is none. */
    public String eui64() {
        return HexFormat.of().formatHex(d.slice(120, 8));
    }

    /** A copy of {@code length} bytes from {@code offset} on, for what has no method here. */
    public byte[] bytes(int offset, int length) {
        return d.slice(offset, length);
    }

    @Override
    public String toString() {
        return sizeBlocks() + " blocks of " + lbaFormat().dataBytes() + " bytes";
    }
}
