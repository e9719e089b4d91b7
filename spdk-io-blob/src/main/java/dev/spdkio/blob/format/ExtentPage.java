// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;

/** A page of the map of a blob, with the clusters of {@link BlobRecord#EXTENTS_PER_PAGE} places. */
public final class ExtentPage {
    private ExtentPage() {}

    /**
     * Writes a page, sealed.
     *
     * @param map the cluster at each place of the blob
     * @param clusters of the blob
     */
    public static void encode(MemorySegment page, long id, int index, IntUnaryOperator map, int clusters) {
        MetadataPage.begin(page, id, 0);
        int start = index * BlobRecord.EXTENTS_PER_PAGE;
        int count = Math.min(BlobRecord.EXTENTS_PER_PAGE, clusters - start);
        int at = MetadataPage.DESCRIPTORS;
        Le.putU8(page, at, Descriptor.EXTENT_PAGE);
        Le.putI32(page, at + 1, 4 + 4 * count);
        Le.putI32(page, at + Descriptor.HEADER, start);
        for (int i = 0; i < count; i++) {
            Le.putI32(page, at + Descriptor.HEADER + 4 + 4L * i, map.applyAsInt(start + i));
        }
        MetadataPage.seal(page, MetadataPage.NONE);
    }

    /**
     * Reads a page into the map of its blob. It may have more places than the blob, which are left out: it is written
     * before the blob grows.
     *
     * @throws MalformedMetadataException if it is none
     */
    public static void decode(MemorySegment page, long id, int index, BlobRecord record)
            throws MalformedMetadataException {
        int at = MetadataPage.DESCRIPTORS;
        long length = Le.u32(page, at + 1);
        int start = index * BlobRecord.EXTENTS_PER_PAGE;
        if (!MetadataPage.isIntact(page)
                || MetadataPage.sequence(page) != 0
                || MetadataPage.next(page) != MetadataPage.NONE
                || Le.u8(page, at) != Descriptor.EXTENT_PAGE
                || length < 8
                || length % 4 != 0
                || length > 4 + 4 * BlobRecord.EXTENTS_PER_PAGE
                || Le.i32(page, at + Descriptor.HEADER) != start) {
            throw BlobReader.malformed(id, "page " + index + " of its map broken");
        }
        int due = Math.min(BlobRecord.EXTENTS_PER_PAGE, record.clusters - start);
        int count = (int) (length - 4) / 4;
        if (count < due) {
            throw BlobReader.malformed(id, count + " clusters in page " + index + " of its map, not " + due);
        }
        for (int i = 0; i < due; i++) {
            int cluster = Le.i32(page, at + Descriptor.HEADER + 4 + 4L * i);
            if (cluster == 0 && !record.isThin()) {
                throw BlobReader.malformed(id, "no cluster at place " + (start + i) + ", but is not thin");
            }
            record.map[start + i] = cluster;
        }
    }
}
