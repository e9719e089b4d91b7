// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An NVMe command without what its driver fills in: the command identifier and the pointers to data and metadata.
 * Stands for {@code struct spdk_nvme_cmd}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class NvmeCommand {
    /** The size of a submission queue entry. */
    public static final int BYTES = 64;

    private static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int DWORDS = BYTES / Integer.BYTES;
    private static final int NSID = 1;
    private static final int FLAGS_SHIFT = 8;
    private static final int BYTE = 0xFF;

    private final int[] dwords;

    private NvmeCommand(int[] dwords) {
        this.dwords = dwords;
    }

    /**
     * A command whose other fields are 0.
     *
     * @param opcode 0 to 0xFF
     */
    public static NvmeCommand of(int opcode) {
        if (opcode != (opcode & BYTE)) {
            throw new IllegalArgumentException("opcode 0x" + Integer.toHexString(opcode) + ": give one byte");
        }
        int[] dwords = new int[DWORDS];
        dwords[0] = opcode;
        return new NvmeCommand(dwords);
    }

    /** The command in the 64 bytes of a submission queue entry, without its identifier and pointers. */
    public static NvmeCommand readFrom(MemorySegment source, long offset) {
        int[] dwords = new int[DWORDS];
        for (int i = 0; i < DWORDS; i++) {
            dwords[i] = isOurs(i) || i == NSID ? source.get(LE_INT, offset + (long) i * Integer.BYTES) : 0;
        }
        dwords[0] = source.get(LE_INT, offset) & (BYTE | BYTE << FLAGS_SHIFT);
        return new NvmeCommand(dwords);
    }

    /** Writes the 64 bytes of a submission queue entry, with identifier and pointers 0. */
    public void writeTo(MemorySegment target, long offset) {
        for (int i = 0; i < DWORDS; i++) {
            target.set(LE_INT, offset + (long) i * Integer.BYTES, dwords[i]);
        }
    }

    /** The same for another namespace; 0 for none. */
    public NvmeCommand withNsid(int nsid) {
        return with(NSID, nsid);
    }

    /** The same with other fuse and transfer bits: byte 1 of the command. */
    public NvmeCommand withFlags(int flags) {
        return with(0, opcode() | (flags & BYTE) << FLAGS_SHIFT);
    }

    /**
     * The same with another command dword.
     *
     * @param number 2, 3, or 10 to 15
     */
    public NvmeCommand withCdw(int number, int value) {
        return with(checked(number), value);
    }

    private NvmeCommand with(int at, int value) {
        int[] changed = dwords.clone();
        changed[at] = value;
        return new NvmeCommand(changed);
    }

    private static boolean isOurs(int dword) {
        return dword == 2 || dword == 3 || (dword >= 10 && dword < DWORDS);
    }

    private static int checked(int number) {
        if (!isOurs(number)) {
            throw new IllegalArgumentException(
                    "command dword " + number + ": only 2, 3 and 10 to 15 are the command's, the driver fills others");
        }
        return number;
    }

    /** The opcode, 0 to 0xFF. */
    public int opcode() {
        return dwords[0] & BYTE;
    }

    /** Fuse and transfer bits: byte 1 of the command. */
    public int flags() {
        return dwords[0] >> FLAGS_SHIFT & BYTE;
    }

    /** The namespace. */
    public int nsid() {
        return dwords[NSID];
    }

    /**
     * A command dword.
     *
     * @param number 2, 3, or 10 to 15
     */
    public int cdw(int number) {
        return dwords[checked(number)];
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof NvmeCommand c && Arrays.equals(c.dwords, dwords);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dwords);
    }

    @Override
    public String toString() {
        return "NVMe command 0x%02x of namespace %d".formatted(opcode(), nsid());
    }
}
