// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Little-endian numbers at any place. */
final class Le {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Le() {}

    static int u8(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }

    static void putU8(MemorySegment s, long at, int value) {
        s.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    static int u16(MemorySegment s, long at) {
        return s.get(SHORT, at) & 0xFFFF;
    }

    static void putU16(MemorySegment s, long at, int value) {
        s.set(SHORT, at, (short) value);
    }

    static int i32(MemorySegment s, long at) {
        return s.get(INT, at);
    }

    static long u32(MemorySegment s, long at) {
        return Integer.toUnsignedLong(s.get(INT, at));
    }

    static void putI32(MemorySegment s, long at, int value) {
        s.set(INT, at, value);
    }

    static long i64(MemorySegment s, long at) {
        return s.get(LONG, at);
    }

    static void putI64(MemorySegment s, long at, long value) {
        s.set(LONG, at, value);
    }

    static byte[] bytes(MemorySegment s, long at, int length) {
        return s.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
    }

    static void putBytes(MemorySegment s, long at, byte[] value) {
        MemorySegment.copy(value, 0, s, ValueLayout.JAVA_BYTE, at, value.length);
    }
}
