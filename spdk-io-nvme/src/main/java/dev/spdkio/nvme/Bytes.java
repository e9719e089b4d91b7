// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A copy of what a controller answered: little-endian numbers, and text with blanks or zeroes at its end. */
final class Bytes {
    /** The size of the answers to Identify. */
    static final int IDENTIFY = 4096;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment bytes;

    Bytes(MemorySegment source) {
        bytes = MemorySegment.ofArray(source.toArray(ValueLayout.JAVA_BYTE));
    }

    static Bytes identify(MemorySegment source) {
        return new Bytes(source.asSlice(0, IDENTIFY));
    }

    int u8(int offset) {
        return bytes.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
    }

    int u16(int offset) {
        return bytes.get(U16, offset) & 0xFFFF;
    }

    int i32(int offset) {
        return bytes.get(U32, offset);
    }

    long u32(int offset) {
        return Integer.toUnsignedLong(i32(offset));
    }

    long i64(int offset) {
        return bytes.get(U64, offset);
    }

    String text(int offset, int length) {
        byte[] text = bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        int end = 0;
        while (end < length && text[end] != 0) {
            end++;
        }
        return new String(text, 0, end, StandardCharsets.US_ASCII).strip();
    }

    byte[] slice(int offset, int length) {
        return bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }
}
