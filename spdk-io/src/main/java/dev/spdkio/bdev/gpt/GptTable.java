// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * A GUID partition table, and how it is read: from the first blocks of a device, or from its last ones if the first are
 * broken. What it refuses is what SPDK's gpt module refuses.
 *
 * <p>Reading looks at nothing beyond the region it is given, whatever the region says; more than
 * {@link #MAX_PARTITIONS} partitions are refused.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param diskId the identity of the device
 * @param firstUsable the first block that a partition may have
 * @param lastUsable the last one
 * @param partitions those that there are
 */
public record GptTable(UUID diskId, long firstUsable, long lastUsable, List<GptPartition> partitions) {
    /** Most partitions of a table. */
    public static final int MAX_PARTITIONS = 128;

    /** Bytes that one partition takes in a table. */
    static final int ENTRY_BYTES = 128;

    static final int HEADER_BYTES = 92;
    static final long HEADER_BLOCK = 1;
    static final int MBR_BYTES = 512;
    static final byte[] SIGNATURE = "EFI PART".getBytes(StandardCharsets.US_ASCII);
    static final int MBR_SIGNATURE = 0xAA55;
    static final int MBR_SIGNATURE_AT = 510;
    static final int MBR_ENTRIES_AT = 446;
    static final int MBR_ENTRY_BYTES = 16;
    static final int MBR_PROTECTIVE = 0xEE;
    private static final int MBR_ENTRIES = 4;
    private static final int REGION_BYTES = 32 << 10;
    private static final int NAME_BYTES = 72;
    private static final long UINT_MAX = 0xFFFF_FFFFL;

    /** Copies the list. */
    public GptTable {
        partitions = List.copyOf(partitions);
    }

    /** How many blocks at each end of a device are to be read; 0 if it is too small for a table. */
    public static long regionBlocks(int blockSize, long blockCount) {
        if (blockCount < 2 || blockSize % MBR_BYTES != 0) {
            return 0;
        }
        long table = 2 + (MAX_PARTITIONS * ENTRY_BYTES + blockSize - 1L) / blockSize;
        return Math.min(blockCount, Math.max(table, REGION_BYTES / blockSize));
    }

    /** Whether the first block says that a table follows. */
    public static boolean isAnnounced(ByteBuffer firstBlocks, long blockCount) {
        ByteBuffer in = little(firstBlocks);
        if (in.limit() < MBR_BYTES || Short.toUnsignedInt(in.getShort(MBR_SIGNATURE_AT)) != MBR_SIGNATURE) {
            return false;
        }
        for (int i = 0; i < MBR_ENTRIES; i++) {
            int at = MBR_ENTRIES_AT + i * MBR_ENTRY_BYTES;
            if (Byte.toUnsignedInt(in.get(at + 4)) == MBR_PROTECTIVE) {
                long size = Integer.toUnsignedLong(in.getInt(at + 12));
                return in.getInt(at + 8) == HEADER_BLOCK && (size == UINT_MAX || size == ((blockCount - 1) & UINT_MAX));
            }
        }
        return false;
    }

    /**
     * Reads the table at the beginning of a device.
     *
     * @param firstBlocks its first {@link #regionBlocks}
     * @throws SpdkException EINVAL, saying what is wrong with it
     */
    public static GptTable primary(ByteBuffer firstBlocks, int blockSize, long blockCount) throws SpdkException {
        return new Reader(little(firstBlocks), 0, blockSize, blockCount).read(HEADER_BLOCK);
    }

    /**
     * Reads the one at the end.
     *
     * @param lastBlocks its last {@link #regionBlocks}
     * @throws SpdkException EINVAL, saying what is wrong with it
     */
    public static GptTable secondary(ByteBuffer lastBlocks, int blockSize, long blockCount) throws SpdkException {
        long first = blockCount - lastBlocks.limit() / blockSize;
        return new Reader(little(lastBlocks), first, blockSize, blockCount).read(blockCount - 1);
    }

    private static ByteBuffer little(ByteBuffer in) {
        return in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A GUID as it is stored: its first three parts little endian, the rest as it is written. */
    static UUID guid(ByteBuffer in, int at) {
        long first = Integer.toUnsignedLong(in.getInt(at));
        long second = Short.toUnsignedLong(in.getShort(at + 4));
        long third = Short.toUnsignedLong(in.getShort(at + 6));
        return new UUID(first << 32 | second << 16 | third, Long.reverseBytes(in.getLong(at + 8)));
    }

    /** The partitions that become devices, within the usable blocks. */
    public List<GptPartition> forSpdk() {
        return partitions.stream()
                .filter(p -> p.isForSpdk() && p.firstBlock() >= firstUsable && p.lastBlock() <= lastUsable)
                .toList();
    }

    /** Reads one of the two tables from the blocks around it. */
    private record Reader(ByteBuffer in, long firstBlock, int blockSize, long blockCount) {
        GptTable read(long headerBlock) throws SpdkException {
            int header = place("header", headerBlock, blockSize);
            byte[] signature = new byte[SIGNATURE.length];
            in.get(header, signature);
            check(Arrays.equals(signature, SIGNATURE), "it has no signature");
            long size = Integer.toUnsignedLong(in.getInt(header + 12));
            check(size >= HEADER_BYTES && size <= blockSize, "its header has " + size + " bytes");
            check(headerCrc(header, (int) size) == in.getInt(header + 16), "the CRC of its header is wrong");
            check(in.getLong(header + 24) == headerBlock, "its header is for block " + in.getLong(header + 24));
            long firstUsable = in.getLong(header + 40);
            long lastUsable = in.getLong(header + 48);
            check(
                    firstUsable >= HEADER_BLOCK && firstUsable <= lastUsable && lastUsable < blockCount,
                    "its usable blocks are " + firstUsable + " to " + lastUsable + " of " + blockCount);
            int count = in.getInt(header + 80);
            check(count >= 0 && count <= MAX_PARTITIONS, "it has room for " + Integer.toUnsignedLong(count));
            int entryBytes = in.getInt(header + 84);
            check(entryBytes == ENTRY_BYTES, "its entries have " + Integer.toUnsignedLong(entryBytes) + " bytes");
            int entries = place("entries", in.getLong(header + 72), count * ENTRY_BYTES);
            CRC32 crc = new CRC32();
            crc.update(in.slice(entries, count * ENTRY_BYTES));
            check((int) crc.getValue() == in.getInt(header + 88), "the CRC of its entries is wrong");
            List<GptPartition> partitions = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int at = entries + i * ENTRY_BYTES;
                UUID type = guid(in, at);
                if (type.getMostSignificantBits() != 0 || type.getLeastSignificantBits() != 0) {
                    partitions.add(new GptPartition(
                            i + 1, type, guid(in, at + 16), in.getLong(at + 32), in.getLong(at + 40), name(at + 56)));
                }
            }
            return new GptTable(guid(in, header + 56), firstUsable, lastUsable, partitions);
        }

        /** Where some blocks of the device are in the region, if they are. */
        private int place(String what, long block, int bytes) throws SpdkException {
            long blocks = in.limit() / blockSize;
            long within = block - firstBlock;
            check(
                    block >= 0 && within >= 0 && within < blocks && bytes <= (blocks - within) * blockSize,
                    "its " + what + " at block " + Long.toUnsignedString(block) + " are not near by");
            return Math.toIntExact(within * blockSize);
        }

        /** The CRC of a header counts its own place as zeroes. */
        private int headerCrc(int header, int size) {
            byte[] copy = new byte[size];
            in.get(header, copy);
            ByteBuffer.wrap(copy).putInt(16, 0);
            CRC32 crc = new CRC32();
            crc.update(copy);
            return (int) crc.getValue();
        }

        private String name(int at) {
            byte[] utf16 = new byte[NAME_BYTES];
            in.get(at, utf16);
            String name = new String(utf16, StandardCharsets.UTF_16LE);
            int end = name.indexOf('\0');
            return end < 0 ? name : name.substring(0, end);
        }

        private static void check(boolean good, String wrong) throws SpdkException {
            if (!good) {
                throw new SpdkException(Errno.EINVAL, "the partition table is broken: " + wrong);
            }
        }
    }
}
