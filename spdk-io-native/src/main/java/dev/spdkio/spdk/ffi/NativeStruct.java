// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A C structure whose fields are found by name in the {@linkplain AbiTable table} of the release. For options and the
 * like: the data path takes its offsets from the table once, into {@code static final} fields.
 *
 * <p>Numbers, flags and pointers are {@code long}, and are written in the size of the field. Thread rule: that of the
 * memory.
 */
public final class NativeStruct {
    private final AbiTable abi;
    private final String name;
    private final MemorySegment memory;

    private NativeStruct(AbiTable abi, String name, MemorySegment memory) {
        this.abi = abi;
        this.name = name;
        this.memory = memory;
    }

    /** A structure of zeros that lives as long as the arena. */
    public static NativeStruct allocate(String struct, Arena arena) {
        return allocate(AbiTable.get(), struct, arena);
    }

    static NativeStruct allocate(AbiTable abi, String struct, Arena arena) {
        return new NativeStruct(abi, struct, arena.allocate(abi.sizeOf(struct), 16));
    }

    /** A structure of SPDK's; the caller knows that the address is alive. */
    public static NativeStruct at(String struct, long address) {
        AbiTable abi = AbiTable.get();
        return new NativeStruct(abi, struct, Raw.segment(address, abi.sizeOf(struct)));
    }

    /** Where it is. */
    public long address() {
        return memory.address();
    }

    /** Its size in bytes. */
    public long size() {
        return memory.byteSize();
    }

    /** Whether the release has the field. */
    public boolean has(String field) {
        return abi.hasField(name, field);
    }

    /**
     * Writes a field.
     *
     * @throws IllegalStateException if the release does not have it
     * @throws IllegalArgumentException if it is no number, flag or pointer, or too small for the value
     */
    public NativeStruct set(String field, long value) {
        int width = width(field);
        int spare = 64 - 8 * width;
        if (value << spare >> spare != value && value << spare >>> spare != value) {
            throw new IllegalArgumentException(
                    value + " does not fit in the " + width + " bytes of " + name + "." + field);
        }
        long offset = abi.offset(name, field);
        switch (width) {
            case 1 -> memory.set(JAVA_BYTE, offset, (byte) value);
            case 2 -> memory.set(JAVA_SHORT_UNALIGNED, offset, (short) value);
            case 4 -> memory.set(JAVA_INT_UNALIGNED, offset, (int) value);
            default -> memory.set(JAVA_LONG_UNALIGNED, offset, value);
        }
        return this;
    }

    /** Writes a flag. */
    public NativeStruct set(String field, boolean value) {
        return set(field, value ? 1 : 0);
    }

    /** Writes a field where the release has it. */
    public NativeStruct setIfPresent(String field, long value) {
        return has(field) ? set(field, value) : this;
    }

    /** Reads a field, without a sign. */
    public long get(String field) {
        long offset = abi.offset(name, field);
        return switch (width(field)) {
            case 1 -> Byte.toUnsignedLong(memory.get(JAVA_BYTE, offset));
            case 2 -> Short.toUnsignedLong(memory.get(JAVA_SHORT_UNALIGNED, offset));
            case 4 -> Integer.toUnsignedLong(memory.get(JAVA_INT_UNALIGNED, offset));
            default -> memory.get(JAVA_LONG_UNALIGNED, offset);
        };
    }

    /** The bytes of a field that is a text or another structure. */
    public MemorySegment bytes(String field) {
        return memory.asSlice(abi.offset(name, field), abi.size(name, field));
    }

    private int width(String field) {
        long size = abi.size(name, field);
        if (size != 1 && size != 2 && size != 4 && size != 8) {
            throw new IllegalArgumentException(name + "." + field + " of " + size + " bytes is no number");
        }
        return (int) size;
    }
}
