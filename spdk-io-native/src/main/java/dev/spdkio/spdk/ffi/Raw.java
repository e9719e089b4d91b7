// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Memory by its address: structures whose address SPDK handed out, and rings that both sides write.
 *
 * <p>Nothing is checked, not even alignment, which would cost more than the access: whoever uses it knows that the
 * address is alive.
 */
@SuppressWarnings("restricted")
public final class Raw {
    /** A {@code static final} segment of everything: the JIT folds its bounds away. */
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Raw() {}

    /** Reads 32 bits. */
    public static int getInt(long address) {
        return ALL.get(JAVA_INT_UNALIGNED, address);
    }

    /** Writes 32 bits. */
    public static void putInt(long address, int value) {
        ALL.set(JAVA_INT_UNALIGNED, address, value);
    }

    /** Reads 64 bits. */
    public static long getLong(long address) {
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    /** Writes 64 bits. */
    public static void putLong(long address, long value) {
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    /** Reads a byte. */
    public static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    /** Writes a byte. */
    public static void putByte(long address, byte value) {
        ALL.set(JAVA_BYTE, address, value);
    }

    /** The text at a {@code char *}; empty for a null pointer. */
    public static String string(long address) {
        return address == 0 ? "" : ALL.getString(address);
    }

    /** {@code bytes} bytes at an address. */
    public static MemorySegment segment(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /** Bytes of a pointer. */
    public static final long POINTER = ADDRESS.byteSize();
}
