// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.memory.IoVec;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.Raw;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The description of a device for SPDK: {@code struct spdk_bdev}.
 *
 * <p>Of limits of single requests it has only the hub's own: the hub splits what the device cannot take.
 */
final class BdevStruct {
    private static final AbiTable ABI = AbiTable.get();
    private static final String STRUCT = "spdk_bdev";
    private static final long ALIGNMENT = 64;

    private BdevStruct() {}

    /** The address of a new one, which lives as long as {@code arena}. */
    static long make(Bdev bdev, long handle, Arena arena) {
        long at = arena.allocate(ABI.sizeOf(STRUCT), ALIGNMENT).address();
        Raw.putLong(at + offset("ctxt"), handle);
        Raw.putLong(at + offset("name"), arena.allocateFrom(bdev.name()).address());
        Raw.putLong(
                at + offset("product_name"),
                arena.allocateFrom(bdev.productName()).address());
        Raw.putInt(at + offset("write_cache"), bdev.writeCache() ? 1 : 0);
        Raw.putInt(at + offset("blocklen"), bdev.blockSize());
        Raw.putLong(at + offset("blockcnt"), bdev.blockCount());
        Raw.putByte(at + offset("required_alignment"), (byte) Integer.numberOfTrailingZeros(bdev.requiredAlignment()));
        Raw.putInt(at + offset("optimal_io_boundary"), bdev.optimalIoBoundary());
        Raw.putInt(at + offset("write_unit_size"), bdev.writeUnitSize());
        Raw.putInt(at + offset("max_num_segments"), IoVec.MAX_PARTS);
        if (bdev.splitOnWriteUnit()) {
            long bits = at + ABI.bitsOffset(STRUCT, "split_on_write_unit");
            Raw.putByte(bits, (byte) (Raw.getByte(bits) | ABI.mask(STRUCT, "split_on_write_unit")));
        }
        putUuid(at + offset("uuid"), bdev.uuid());
        Raw.putLong(at + offset("module"), ExportModule.POINTER);
        Raw.putLong(at + offset("fn_table"), ExportCalls.TABLE);
        return at;
    }

    private static void putUuid(long at, UUID uuid) {
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
        for (int i = 0; i < bytes.length; i++) {
            Raw.putByte(at + i, bytes[i]);
        }
    }

    private static long offset(String field) {
        return ABI.offset(STRUCT, field);
    }
}
