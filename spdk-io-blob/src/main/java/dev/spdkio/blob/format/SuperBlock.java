// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The first page of a store. Stands for {@code struct spdk_bs_super_block}. Places are in pages of {@link
 * #metadataPageSize}.
 *
 * @param version 1 to {@link #VERSION}
 * @param clean whether the store was unloaded and its masks count
 * @param superBlob the blob an application begins with, or -1
 * @param clusterSize bytes of a cluster
 * @param pageMask which metadata pages are used
 * @param clusterMask which clusters are used
 * @param metadata pages of metadata
 * @param type what the store is for: {@link #TYPE_BYTES} bytes
 * @param blobMask which blobs there are; of no pages before version 3
 * @param size bytes of the store
 * @param ioUnitSize bytes of an io unit
 * @param metadataPageSize bytes of a page
 */
public record SuperBlock(
        int version,
        boolean clean,
        long superBlob,
        long clusterSize,
        Region pageMask,
        Region clusterMask,
        Region metadata,
        Type type,
        Region blobMask,
        long size,
        int ioUnitSize,
        int metadataPageSize) {
    /** The version that is written. */
    public static final int VERSION = 3;

    /** Bytes of it. */
    public static final int BYTES = MetadataPage.BYTES;

    /** What stands for no blob. */
    public static final long NO_BLOB = -1;

    /** Bytes of {@link #type}. */
    public static final int TYPE_BYTES = 16;

    /** The most metadata pages, and so blobs, of a store that is loaded. */
    public static final int MAX_METADATA_PAGES = 1 << 28;

    /** The most clusters of a store that is loaded. */
    public static final int MAX_CLUSTERS = 1 << 30;

    /** Blobs that are tried for the first one of a block that was torn. */
    private static final int MAX_TRIED = 1 << 16;

    private static final int CLEAN = 16;
    private static final int SUPER_BLOB = 20;
    private static final int CLUSTER_SIZE = 28;
    private static final int CLUSTER_MASK = 40;
    private static final int METADATA = 48;
    private static final int SIZE = 80;
    private static final int PAGE_SIZE = 92;

    private static final byte[] SIGNATURE = "SPDKBLOB".getBytes(StandardCharsets.US_ASCII);

    /**
     * Some pages.
     *
     * @param start the first
     * @param length their number
     */
    public record Region(int start, int length) {
        /** The page behind. */
        public long end() {
            return Integer.toUnsignedLong(start) + Integer.toUnsignedLong(length);
        }

        boolean overlaps(Region other) {
            return length != 0
                    && Integer.toUnsignedLong(start) < other.end()
                    && Integer.toUnsignedLong(other.start) < end();
        }

        @Override
        public String toString() {
            return Integer.toUnsignedLong(start) + " to " + (end() - 1);
        }
    }

    /** What a store is for. */
    public record Type(String text) {
        static Type of(byte[] bytes) {
            int end = 0;
            while (end < bytes.length && bytes[end] != 0) {
                end++;
            }
            return new Type(new String(bytes, 0, end, StandardCharsets.UTF_8));
        }

        byte[] bytes() {
            return Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), TYPE_BYTES);
        }
    }

    /** Clusters of the whole store. */
    public int clusters() {
        return (int) (size / clusterSize);
    }

    /** Clusters at the beginning that metadata lies in. */
    public int metadataClusters() {
        return Math.toIntExact(ceilDiv(metadata.end() * metadataPageSize, clusterSize));
    }

    /** The place of a metadata page on the device, in bytes. */
    public long pageOffset(int page) {
        return (long) metadataPageSize * (metadata.start + (long) page);
    }

    /** Pages that the mask of clusters may have: it may grow up to the next mask. */
    public int maxClusterMaskPages() {
        return blobMask.length == 0 ? clusterMask.length : blobMask.start - clusterMask.start;
    }

    /** The same, clean or not. */
    public SuperBlock withClean(boolean value) {
        return new SuperBlock(
                version,
                value,
                superBlob,
                clusterSize,
                pageMask,
                clusterMask,
                metadata,
                type,
                blobMask,
                size,
                ioUnitSize,
                metadataPageSize);
    }

    /** The same with another first blob. */
    public SuperBlock withSuperBlob(long id) {
        return new SuperBlock(
                version,
                clean,
                id,
                clusterSize,
                pageMask,
                clusterMask,
                metadata,
                type,
                blobMask,
                size,
                ioUnitSize,
                metadataPageSize);
    }

    /** The same, larger. */
    public SuperBlock withSize(long bytes, int clusterMaskPages) {
        return new SuperBlock(
                version,
                clean,
                superBlob,
                clusterSize,
                pageMask,
                new Region(clusterMask.start, clusterMaskPages),
                metadata,
                type,
                blobMask,
                bytes,
                ioUnitSize,
                metadataPageSize);
    }

    /** Writes it to a page of {@link MetadataPage#BYTES}. */
    public void encode(MemorySegment s) {
        s.asSlice(0, MetadataPage.BYTES).fill((byte) 0);
        Le.putBytes(s, 0, SIGNATURE);
        Le.putI32(s, 8, version);
        Le.putI32(s, 12, MetadataPage.BYTES);
        Le.putI32(s, CLEAN, clean ? 1 : 0);
        Le.putI64(s, SUPER_BLOB, superBlob);
        Le.putI32(s, CLUSTER_SIZE, (int) clusterSize);
        put(s, 32, pageMask);
        put(s, CLUSTER_MASK, clusterMask);
        put(s, METADATA, metadata);
        Le.putBytes(s, 56, type.bytes());
        put(s, 72, blobMask);
        Le.putI64(s, SIZE, size);
        Le.putI32(s, 88, ioUnitSize);
        Le.putI32(s, PAGE_SIZE, metadataPageSize);
        Le.putI32(s, 4092, MetadataPage.checksum(s));
    }

    private static void put(MemorySegment s, long at, Region r) {
        Le.putI32(s, at, r.start);
        Le.putI32(s, at + 4, r.length);
    }

    /**
     * Reads it from a page. One of which the device wrote a part, the last time it changed, is read as not clean.
     *
     * @param deviceBytes what it must fit on
     * @throws MalformedMetadataException saying what is wrong
     */
    public static SuperBlock decode(MemorySegment s, long deviceBytes) throws MalformedMetadataException {
        int version = Le.i32(s, 8);
        if (version < 1 || version > VERSION) {
            throw bad("version " + Integer.toUnsignedString(version) + ": 1 to " + VERSION + " are known");
        }
        if (!Arrays.equals(Le.bytes(s, 0, SIGNATURE.length), SIGNATURE)) {
            throw bad("no signature");
        }
        boolean torn = !MetadataPage.isIntact(s);
        if (torn && !isTorn(s, deviceBytes)) {
            throw bad("a wrong checksum");
        }
        long size = Le.i64(s, SIZE);
        int ioUnit = Le.i32(s, 88);
        int page = Le.i32(s, PAGE_SIZE);
        SuperBlock b = new SuperBlock(
                version,
                Le.i32(s, CLEAN) == 1 && !torn,
                Le.i64(s, SUPER_BLOB),
                Le.u32(s, CLUSTER_SIZE),
                region(s, 32),
                region(s, CLUSTER_MASK),
                region(s, METADATA),
                Type.of(Le.bytes(s, 56, TYPE_BYTES)),
                region(s, 72),
                size == 0 ? deviceBytes : size,
                ioUnit == 0 ? MetadataPage.BYTES : ioUnit,
                page == 0 ? MetadataPage.BYTES : page);
        b.check(deviceBytes);
        return b;
    }

    /**
     * Whether the checksum is that of the same block before or after its last change: what changes lies in the first
     * sector, and the checksum in the last. Of stores that grew that is seen if the first sector is the old one.
     */
    private static boolean isTorn(MemorySegment s, long deviceBytes) {
        MemorySegment other = MemorySegment.ofArray(s.asSlice(0, BYTES).toArray(ValueLayout.JAVA_BYTE));
        if (hasOtherChecksum(other, Le.i32(s, METADATA + 4))) {
            return true;
        }
        long clusterSize = Le.u32(s, CLUSTER_SIZE);
        int page = Le.i32(s, PAGE_SIZE);
        if (clusterSize == 0 || page < BYTES) {
            return false;
        }
        Le.putI64(other, SUPER_BLOB, Le.i64(s, SUPER_BLOB));
        Le.putI32(other, CLUSTER_MASK + 4, Mask.pages(deviceBytes / clusterSize, page));
        Le.putI64(other, SIZE, deviceBytes);
        return hasChecksum(other);
    }

    /** Tries what else may be said of whether it is clean, and of the first blob. */
    private static boolean hasOtherChecksum(MemorySegment s, int pages) {
        if (hasChecksum(s)) {
            return true;
        }
        Le.putI64(s, SUPER_BLOB, NO_BLOB);
        boolean found = hasChecksum(s);
        for (int page = 0; !found && page < Math.min(pages, MAX_TRIED); page++) {
            Le.putI64(s, SUPER_BLOB, 1L << Integer.SIZE | page);
            found = hasChecksum(s);
        }
        return found;
    }

    private static boolean hasChecksum(MemorySegment s) {
        for (int clean = 0; clean < 2; clean++) {
            Le.putI32(s, CLEAN, clean);
            if (MetadataPage.isIntact(s)) {
                return true;
            }
        }
        return false;
    }

    private static Region region(MemorySegment s, long at) {
        return new Region(Le.i32(s, at), Le.i32(s, at + 4));
    }

    private void check(long deviceBytes) throws MalformedMetadataException {
        if (size < 0 || size > deviceBytes) {
            throw bad(size + " bytes for the store: the device has " + deviceBytes);
        }
        if (metadataPageSize < MetadataPage.BYTES || Integer.bitCount(metadataPageSize) != 1) {
            throw bad("metadata pages of " + metadataPageSize + " bytes");
        }
        if (clusterSize < metadataPageSize || clusterSize % MetadataPage.BYTES != 0) {
            throw bad("clusters of " + clusterSize + " bytes, and metadata pages of " + metadataPageSize);
        }
        if (ioUnitSize < 512 || Integer.bitCount(ioUnitSize) != 1 || clusterSize % ioUnitSize != 0) {
            throw bad("io units of " + ioUnitSize + " bytes");
        }
        if (size / clusterSize > MAX_CLUSTERS) {
            throw bad(size / clusterSize + " clusters: at most " + MAX_CLUSTERS);
        }
        if (metadata.length < 1 || metadata.length > MAX_METADATA_PAGES) {
            throw bad(Integer.toUnsignedLong(metadata.length) + " metadata pages: 1 to " + MAX_METADATA_PAGES);
        }
        long pages = size / metadataPageSize;
        if (metadata.end() > pages || (long) metadataClusters() * clusterSize > size) {
            throw bad("metadata up to page " + metadata.end() + " of " + pages);
        }
        checkMask("pages", pageMask, metadata.length);
        checkMask("clusters", clusterMask, clusters());
        if (blobMask.length != 0) {
            checkMask("blobs", blobMask, metadata.length);
        }
        if (pageMask.overlaps(clusterMask) || blobMask.overlaps(pageMask) || blobMask.overlaps(clusterMask)) {
            throw bad("masks in the same pages: of pages " + pageMask + ", of clusters " + clusterMask + ", of blobs "
                    + blobMask);
        }
    }

    private void checkMask(String what, Region r, int bits) throws MalformedMetadataException {
        if (r.start < 1 || r.length < 1 || r.end() > Integer.toUnsignedLong(metadata.start)) {
            throw bad("the mask of " + what + " at page " + Integer.toUnsignedLong(r.start) + ", "
                    + Integer.toUnsignedLong(r.length) + " long");
        }
        if (r.length < Mask.pages(bits, metadataPageSize) && clean) {
            throw bad("the mask of " + what + " in " + r.length + " pages, too few for " + bits);
        }
    }

    private static MalformedMetadataException bad(String what) {
        return new MalformedMetadataException("the super block has " + what);
    }

    static long ceilDiv(long a, long b) {
        return (a + b - 1) / b;
    }
}
