// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/**
 * The frame of a page of metadata: whose it is, its number in the chain of its blob, what follows, and a checksum.
 * Stands for {@code struct spdk_blob_md_page}.
 */
public final class MetadataPage {
    /** Bytes of a page that mean something; pages may lie further apart. */
    public static final int BYTES = 4096;

    /** What stands for no page. */
    public static final int NONE = -1;

    /** Where descriptors begin, and how many bytes there are for them. */
    static final int DESCRIPTORS = 16;

    static final int DESCRIPTOR_BYTES = 4072;

    private static final int ID = 0;
    private static final int SEQUENCE = 8;
    private static final int NEXT = 4088;
    private static final int CRC = 4092;

    private MetadataPage() {}

    /** Clears a page and begins it. */
    static void begin(MemorySegment page, long id, int sequence) {
        page.asSlice(0, BYTES).fill((byte) 0);
        Le.putI64(page, ID, id);
        Le.putI32(page, SEQUENCE, sequence);
        Le.putI32(page, NEXT, NONE);
    }

    /** The blob it belongs to. */
    public static long id(MemorySegment page) {
        return Le.i64(page, ID);
    }

    /** Its number in the chain of its blob: 0 is the root. */
    public static int sequence(MemorySegment page) {
        return Le.i32(page, SEQUENCE);
    }

    /** The page that follows, or {@link #NONE}. */
    public static int next(MemorySegment page) {
        return Le.i32(page, NEXT);
    }

    /** Ends a page: says what follows, and sums it up. */
    public static void seal(MemorySegment page, int next) {
        Le.putI32(page, NEXT, next);
        Le.putI32(page, CRC, checksum(page));
    }

    /** Whether it is as it was written. */
    public static boolean isIntact(MemorySegment page) {
        return Le.i32(page, CRC) == checksum(page);
    }

    /** The checksum it was written with. */
    static int storedChecksum(MemorySegment page) {
        return Le.i32(page, CRC);
    }

    /** Of the first 4092 bytes. */
    static int checksum(MemorySegment page) {
        CRC32C crc = new CRC32C();
        crc.update(page.asSlice(0, CRC).asByteBuffer());
        return (int) crc.getValue();
    }
}
