// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the chain of pages of a blob, one after the other. */
public final class BlobReader {
    private final long id;
    private final BlobRecord record = new BlobRecord();
    private int pages;
    private boolean rle;
    private boolean table;
    private int[] tablePages = new int[0];
    private int tableLength;

    /** For the blob of that identifier. */
    public BlobReader(long id) {
        this.id = id;
    }

    /**
     * Takes the next page, which the caller has found intact.
     *
     * @return the page that follows, or {@link MetadataPage#NONE}
     * @throws MalformedMetadataException if it cannot be that
     */
    public int accept(MemorySegment page) throws MalformedMetadataException {
        if (MetadataPage.id(page) != id || MetadataPage.sequence(page) != pages) {
            throw bad("a page of blob 0x" + Long.toHexString(MetadataPage.id(page)) + " with number "
                    + Integer.toUnsignedLong(MetadataPage.sequence(page)));
        }
        Descriptor.each(id, page, this::descriptor);
        pages++;
        return MetadataPage.next(page);
    }

    private void descriptor(int type, MemorySegment s) throws MalformedMetadataException {
        switch (type) {
            case Descriptor.EXTENT_RLE -> rle(s);
            case Descriptor.XATTR, Descriptor.XATTR_INTERNAL -> xattr(s, type == Descriptor.XATTR_INTERNAL);
            case Descriptor.FLAGS -> flags(s);
            case Descriptor.EXTENT_TABLE -> table(s);
            case Descriptor.EXTENT_PAGE -> throw bad("a piece of its map where a page of its own is due");
            default -> {} // of a later version, which has set a flag if it matters
        }
    }

    private void flags(MemorySegment s) throws MalformedMetadataException {
        if (s.byteSize() != 24) {
            throw bad("flags of " + s.byteSize() + " bytes");
        }
        record.invalidFlags = Le.i64(s, 0);
        record.dataReadOnlyFlags = Le.i64(s, 8);
        record.metadataReadOnlyFlags = Le.i64(s, 16);
        if ((record.invalidFlags & ~BlobRecord.KNOWN_INVALID) != 0) {
            throw bad("flags 0x" + Long.toHexString(record.invalidFlags) + ", of which some need a later version");
        }
    }

    private void xattr(MemorySegment s, boolean internal) throws MalformedMetadataException {
        if (s.byteSize() < 4) {
            throw bad("an attribute of " + s.byteSize() + " bytes");
        }
        int name = Le.u16(s, 0);
        int value = Le.u16(s, 2);
        if (s.byteSize() != 4L + name + value) {
            throw bad("an attribute of " + s.byteSize() + " bytes with " + name + " for its name and " + value
                    + " for its value");
        }
        String key = new String(Le.bytes(s, 4, name), StandardCharsets.ISO_8859_1);
        if (key.isEmpty() || key.indexOf('\0') >= 0) {
            throw bad("an attribute whose name is empty or has a NUL");
        }
        (internal ? record.internalXattrs : record.xattrs).put(key, Le.bytes(s, 4L + name, value));
    }

    private void rle(MemorySegment s) throws MalformedMetadataException {
        if (table) {
            throw bad("two kinds of maps");
        }
        rle = true;
        if (s.byteSize() == 0 || s.byteSize() % 8 != 0) {
            throw bad("extents of " + s.byteSize() + " bytes");
        }
        long more = 0;
        for (long at = 0; at < s.byteSize(); at += 8) {
            more += Le.u32(s, at + 4);
        }
        checkClusters(record.clusters + more);
        int clusters = record.clusters + (int) more;
        int[] map = record.map;
        if (clusters > map.length) { // by more than is needed, since many may follow
            map = Arrays.copyOf(map, (int) Math.min(BlobRecord.MAX_CLUSTERS, Math.max(clusters, 2L * map.length)));
        }
        for (long at = 0; at < s.byteSize(); at += 8) {
            long first = Le.u32(s, at);
            int length = (int) Le.u32(s, at + 4);
            checkAllocated((int) first);
            if (first + length > Integer.MAX_VALUE) {
                throw bad("clusters from " + first + " on");
            }
            for (int i = 0; first != 0 && i < length; i++) {
                map[record.clusters + i] = (int) first + i;
            }
            record.clusters += length;
        }
        record.map = map;
    }

    private void checkClusters(long count) throws MalformedMetadataException {
        if (count < 0 || count > BlobRecord.MAX_CLUSTERS) {
            throw bad(Long.toUnsignedString(count) + " clusters: at most " + BlobRecord.MAX_CLUSTERS);
        }
    }

    private void checkAllocated(int place) throws MalformedMetadataException {
        if (place == 0 && !record.isThin()) {
            throw bad("no cluster at a place, but is not thin");
        }
    }

    private void table(MemorySegment s) throws MalformedMetadataException {
        if (rle) {
            throw bad("two kinds of maps");
        }
        if (s.byteSize() < 8 || s.byteSize() % 8 != 0) {
            throw bad("a table of extents of " + s.byteSize() + " bytes");
        }
        long clusters = Le.i64(s, 0);
        checkClusters(clusters);
        if (table && clusters != record.clusters) {
            throw bad("tables of extents for " + clusters + " and for " + record.clusters + " clusters");
        }
        table = true;
        record.clusters = (int) clusters;
        int most = BlobRecord.extentPages(record.clusters);
        for (long at = 8; at < s.byteSize(); at += 8) {
            int page = Le.i32(s, at);
            long run = Le.u32(s, at + 4);
            checkAllocated(page);
            if ((page != 0 && run != 1) || run > most - tableLength) {
                throw bad("a run of " + run + " pages of its map, which has " + most);
            }
            if (tablePages.length < most) {
                tablePages = Arrays.copyOf(tablePages, most);
            }
            Arrays.fill(tablePages, tableLength, tableLength + (int) run, page);
            tableLength += (int) run;
        }
    }

    /**
     * What the pages said, when the last was accepted. With extent pages these are still to be read: see {@link
     * ExtentPage}.
     */
    public BlobRecord record() throws MalformedMetadataException {
        if (table) {
            if (tableLength != BlobRecord.extentPages(record.clusters)) {
                throw bad(tableLength + " pages of its map for " + record.clusters + " clusters");
            }
            record.extentPages = tablePages;
            record.map = new int[record.clusters];
        }
        if (record.map.length > record.clusters) {
            record.map = Arrays.copyOf(record.map, record.clusters);
        }
        return record;
    }

    /** What the pages said so far. */
    public BlobRecord partial() {
        return record;
    }

    private MalformedMetadataException bad(String what) {
        return malformed(id, what);
    }

    /** A blob that is damaged. */
    public static MalformedMetadataException malformed(long id, @Nullable Object what) {
        return new MalformedMetadataException("blob 0x" + Long.toHexString(id) + " is damaged: it has " + what);
    }
}
