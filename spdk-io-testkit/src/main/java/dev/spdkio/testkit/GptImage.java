// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * Writes the two GUID partition tables of a device, for tests: the first and the last blocks, which go where they
 * belong. Independent of what reads them.
 */
public final class GptImage {
    private static final int ENTRIES = 128;
    private static final int ENTRY_BYTES = 128;
    private static final int HEADER_BYTES = 92;

    private record Entry(int index, UUID type, UUID id, long first, long last, String name) {}

    private final int blockSize;
    private final long blockCount;
    private final UUID diskId;
    private final List<Entry> entries = new ArrayList<>();

    /** For a device of that size. */
    public GptImage(int blockSize, long blockCount, UUID diskId) {
        this.blockSize = blockSize;
        this.blockCount = blockCount;
        this.diskId = diskId;
    }

    /** Adds a partition at a place of the table, from 1 on. */
    public GptImage partition(int number, UUID type, UUID id, long first, long last, String name) {
        entries.add(new Entry(number - 1, type, id, first, last, name));
        return this;
    }

    /** Blocks of the entries. */
    private int entryBlocks() {
        return (ENTRIES * ENTRY_BYTES + blockSize - 1) / blockSize;
    }

    /** The first block that a partition may have. */
    public long firstUsable() {
        return 2L + entryBlocks();
    }

    /** The last block that a partition may have. */
    public long lastUsable() {
        return blockCount - 2 - entryBlocks();
    }

    /** What the device begins with: the protective record, the header, the entries. */
    public byte[] head() {
        byte[] image = new byte[Math.toIntExact(firstUsable() * blockSize)];
        ByteBuffer out = buffer(image);
        int mbr = 446;
        out.put(mbr + 1, (byte) 0).put(mbr + 2, (byte) 2).put(mbr + 4, (byte) 0xEE);
        out.put(mbr + 5, (byte) 0xFF).put(mbr + 6, (byte) 0xFF).put(mbr + 7, (byte) 0xFF);
        out.putInt(mbr + 8, 1).putInt(mbr + 12, (int) Math.min(blockCount - 1, 0xFFFF_FFFFL));
        out.putShort(510, (short) 0xAA55);
        entries(out, 2 * blockSize);
        header(out, blockSize, 1, blockCount - 1, 2, 2 * blockSize);
        return image;
    }

    /** What it ends with: the entries, the header. */
    public byte[] tail() {
        int blocks = entryBlocks();
        byte[] image = new byte[(blocks + 1) * blockSize];
        ByteBuffer out = buffer(image);
        entries(out, 0);
        header(out, blocks * blockSize, blockCount - 1, 1, blockCount - 1 - blocks, 0);
        return image;
    }

    /** The block where {@link #tail} belongs. */
    public long tailBlock() {
        return blockCount - 1 - entryBlocks();
    }

    private static ByteBuffer buffer(byte[] image) {
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void entries(ByteBuffer out, int at) {
        for (Entry e : entries) {
            int p = at + e.index * ENTRY_BYTES;
            guid(out, p, e.type);
            guid(out, p + 16, e.id);
            out.putLong(p + 32, e.first).putLong(p + 40, e.last);
            out.put(p + 56, e.name.getBytes(StandardCharsets.UTF_16LE));
        }
    }

    private void header(ByteBuffer out, int at, long own, long other, long entryBlock, int entriesAt) {
        out.put(at, "EFI PART".getBytes(StandardCharsets.US_ASCII));
        out.putInt(at + 8, 0x10000).putInt(at + 12, HEADER_BYTES);
        out.putLong(at + 24, own).putLong(at + 32, other);
        out.putLong(at + 40, firstUsable()).putLong(at + 48, lastUsable());
        guid(out, at + 56, diskId);
        out.putLong(at + 72, entryBlock).putInt(at + 80, ENTRIES).putInt(at + 84, ENTRY_BYTES);
        out.putInt(at + 88, crc(out, entriesAt, ENTRIES * ENTRY_BYTES));
        out.putInt(at + 16, 0);
        out.putInt(at + 16, crc(out, at, HEADER_BYTES));
    }

    /** Makes the CRC of the header at byte {@code at} of an image right again after something in it was changed. */
    public static void repairHeader(byte[] image, int at) {
        ByteBuffer out = buffer(image);
        out.putInt(at + 16, 0);
        out.putInt(at + 16, crc(out, at, HEADER_BYTES));
    }

    private static int crc(ByteBuffer out, int at, int length) {
        CRC32 crc = new CRC32();
        crc.update(out.slice(at, length));
        return (int) crc.getValue();
    }

    private static void guid(ByteBuffer out, int at, UUID id) {
        long most = id.getMostSignificantBits();
        out.putInt(at, (int) (most >>> 32))
                .putShort(at + 4, (short) (most >>> 16))
                .putShort(at + 6, (short) most);
        out.putLong(at + 8, Long.reverseBytes(id.getLeastSignificantBits()));
    }
}
