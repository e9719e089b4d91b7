// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;

/** Writes what is to be said of a blob to as many pages as it takes, in the order in which SPDK does. */
public final class BlobWriter {
    private final long id;
    private final Supplier<MemorySegment> memory;
    private final List<MemorySegment> pages = new ArrayList<>();
    private MemorySegment page = MemorySegment.NULL;
    private int at;
    private int left;

    private BlobWriter(long id, Supplier<MemorySegment> memory) {
        this.id = id;
        this.memory = memory;
        addPage();
    }

    /** The pages of a blob, on the heap; each is to be {@linkplain MetadataPage#seal sealed} yet. */
    public static List<MemorySegment> write(long id, BlobRecord record) {
        return write(id, record, place -> record.map[place], () -> MemorySegment.ofArray(new byte[MetadataPage.BYTES]));
    }

    /**
     * {@link #write(long, BlobRecord)} with another map than that of the record.
     *
     * @param memory gives pages of zeroes
     */
    public static List<MemorySegment> write(
            long id, BlobRecord record, IntUnaryOperator map, Supplier<MemorySegment> memory) {
        BlobWriter w = new BlobWriter(id, memory);
        w.flags(record);
        w.xattrs(record.xattrs, Descriptor.XATTR);
        w.xattrs(record.internalXattrs, Descriptor.XATTR_INTERNAL);
        int[] extentPages = record.extentPages;
        if (extentPages != null) {
            w.table(extentPages, BlobRecord.extentPages(record.clusters), record.clusters);
        } else {
            w.rle(map, record.clusters);
        }
        return w.pages;
    }

    private void addPage() {
        page = memory.get();
        MetadataPage.begin(page, id, pages.size());
        pages.add(page);
        at = MetadataPage.DESCRIPTORS;
        left = MetadataPage.DESCRIPTOR_BYTES;
    }

    private void head(int type, int length) {
        Le.putU8(page, at, type);
        Le.putI32(page, at + 1, length);
    }

    private void done(int length) {
        at += Descriptor.HEADER + length;
        left -= Descriptor.HEADER + length;
    }

    private void flags(BlobRecord r) {
        head(Descriptor.FLAGS, 24);
        Le.putI64(page, at + 5, r.invalidFlags);
        Le.putI64(page, at + 13, r.dataReadOnlyFlags);
        Le.putI64(page, at + 21, r.metadataReadOnlyFlags);
        done(24);
    }

    private void xattrs(Map<String, byte[]> xattrs, int type) {
        xattrs.forEach((key, value) -> {
            byte[] name = key.getBytes(StandardCharsets.ISO_8859_1);
            int length = 4 + name.length + value.length;
            if (left < Descriptor.HEADER + length) {
                addPage();
            }
            head(type, length);
            Le.putU16(page, at + 5, name.length);
            Le.putU16(page, at + 7, value.length);
            Le.putBytes(page, at + 9, name);
            Le.putBytes(page, at + 9 + name.length, value);
            done(length);
        });
    }

    private void table(int[] extentPages, int count, int clusters) {
        int next = 0;
        do {
            if (left < Descriptor.HEADER + 8) {
                addPage();
            }
            int length = 8;
            Le.putI64(page, at + 5, clusters);
            while (next < count && left >= Descriptor.HEADER + length + 8) {
                int run = 1;
                while (extentPages[next] == 0 && next + run < count && extentPages[next + run] == 0) {
                    run++;
                }
                Le.putI32(page, at + 5L + length, extentPages[next]);
                Le.putI32(page, at + 9L + length, run);
                next += run;
                length += 8;
            }
            head(Descriptor.EXTENT_TABLE, length);
            done(length);
            if (next < count) {
                addPage();
            }
        } while (next < count);
    }

    private void rle(IntUnaryOperator map, int clusters) {
        int next = 0;
        while (next < clusters) {
            if (left < Descriptor.HEADER + 8) {
                addPage();
            }
            int length = 0;
            while (next < clusters && left >= Descriptor.HEADER + length + 8) {
                int first = map.applyAsInt(next);
                int run = 1;
                while (next + run < clusters && map.applyAsInt(next + run) == (first == 0 ? 0 : first + run)) {
                    run++;
                }
                Le.putI32(page, at + 5L + length, first);
                Le.putI32(page, at + 9L + length, run);
                next += run;
                length += 8;
            }
            head(Descriptor.EXTENT_RLE, length);
            done(length);
            if (next < clusters) {
                addPage();
            }
        }
    }
}
