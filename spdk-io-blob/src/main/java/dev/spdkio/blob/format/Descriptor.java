// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;

/** Kinds of pieces of a metadata page. Each has a byte for the kind and four for its length. */
final class Descriptor {
    static final int HEADER = 5;

    static final int PADDING = 0;
    static final int EXTENT_RLE = 1;
    static final int XATTR = 2;
    static final int FLAGS = 3;
    static final int XATTR_INTERNAL = 4;
    static final int EXTENT_TABLE = 5;
    static final int EXTENT_PAGE = 6;

    private Descriptor() {}

    /** Takes descriptors. */
    interface Taker {
        void take(int type, MemorySegment payload) throws MalformedMetadataException;
    }

    /**
     * The pieces of a page of a blob, in order.
     *
     * @throws MalformedMetadataException if one does not fit, or it is not taken
     */
    static void each(long id, MemorySegment page, Taker taker) throws MalformedMetadataException {
        int end = MetadataPage.DESCRIPTORS + MetadataPage.DESCRIPTOR_BYTES;
        for (int at = MetadataPage.DESCRIPTORS; at + HEADER <= end; ) {
            int type = Le.u8(page, at);
            long length = Le.u32(page, at + 1);
            if (type == PADDING && length == 0) {
                break;
            }
            int payload = at + HEADER;
            if (length > end - payload) {
                throw BlobReader.malformed(id, "a descriptor of type " + type + " with " + length + " bytes");
            }
            taker.take(type, page.asSlice(payload, length));
            at = payload + (int) length;
        }
    }
}
