// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a metadata page says, whatever that is, as a tree of maps, lists, texts and numbers. */
public final class PageDump {
    private static final String TYPE = "type";
    private static final String LENGTH = "length";

    private PageDump() {}

    /** Whether there is nothing on it. */
    public static boolean isEmpty(MemorySegment page) {
        return MemorySegment.mismatch(page, 0, MetadataPage.BYTES - 1, page, 1, MetadataPage.BYTES) < 0
                && Le.u8(page, 0) == 0;
    }

    /** A page. */
    public static Map<String, Object> of(MemorySegment page) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("blob", "0x" + Long.toHexString(MetadataPage.id(page)));
        m.put("sequence", Integer.toUnsignedLong(MetadataPage.sequence(page)));
        if (MetadataPage.next(page) != MetadataPage.NONE) {
            m.put("next", Integer.toUnsignedLong(MetadataPage.next(page)));
        }
        m.put("checksum", hex(MetadataPage.storedChecksum(page)));
        m.put("intact", MetadataPage.isIntact(page));
        List<Map<String, Object>> descriptors = new ArrayList<>();
        try {
            Descriptor.each(MetadataPage.id(page), page, (type, payload) -> descriptors.add(descriptor(type, payload)));
        } catch (MalformedMetadataException e) {
            m.put("error", e.getMessage());
        }
        m.put("descriptors", descriptors);
        return m;
    }

    private static Map<String, Object> descriptor(int type, MemorySegment s) {
        Map<String, Object> m = new LinkedHashMap<>();
        switch (type) {
            case Descriptor.EXTENT_RLE -> extents(m, s);
            case Descriptor.XATTR, Descriptor.XATTR_INTERNAL -> xattr(m, s, type == Descriptor.XATTR_INTERNAL);
            case Descriptor.FLAGS -> flags(m, s);
            case Descriptor.EXTENT_TABLE -> table(m, s);
            case Descriptor.EXTENT_PAGE -> extentPage(m, s);
            default -> {
                m.put(TYPE, "unknown");
                m.put("kind", type);
                m.put(LENGTH, s.byteSize());
            }
        }
        return m;
    }

    private static void flags(Map<String, Object> m, MemorySegment s) {
        m.put(TYPE, "flags");
        if (s.byteSize() < 24) {
            m.put(LENGTH, s.byteSize());
            return;
        }
        long invalid = Le.i64(s, 0);
        m.put("invalid", "0x" + Long.toHexString(invalid));
        m.put("data_read_only", "0x" + Long.toHexString(Le.i64(s, 8)));
        m.put("metadata_read_only", "0x" + Long.toHexString(Le.i64(s, 16)));
        List<String> names = new ArrayList<>();
        name(names, invalid, BlobRecord.THIN, "thin");
        name(names, invalid, BlobRecord.INTERNAL_XATTRS, "internal attributes");
        name(names, invalid, BlobRecord.EXTENT_TABLE, "extent table");
        name(names, invalid, BlobRecord.EXTERNAL_SNAPSHOT, "external snapshot");
        name(names, Le.i64(s, 8), BlobRecord.READ_ONLY, "read-only");
        m.put("names", names);
    }

    private static void name(List<String> names, long flags, long flag, String name) {
        if ((flags & flag) != 0) {
            names.add(name);
        }
    }

    private static void xattr(Map<String, Object> m, MemorySegment s, boolean internal) {
        m.put(TYPE, internal ? "internal_xattr" : "xattr");
        int name = s.byteSize() < 4 ? 0 : Le.u16(s, 0);
        int value = s.byteSize() < 4 ? 0 : Le.u16(s, 2);
        if (s.byteSize() != 4L + name + value) {
            m.put(LENGTH, s.byteSize());
            return;
        }
        byte[] bytes = Le.bytes(s, 4L + name, value);
        m.put("name", text(Le.bytes(s, 4, name)));
        m.put(LENGTH, value);
        m.put("value", internal && value == Long.BYTES ? "0x" + Long.toHexString(Le.i64(s, 4L + name)) : text(bytes));
    }

    /** Text if it is some, with or without a NUL behind, else hexadecimal. */
    private static String text(byte[] value) {
        int end = value.length > 0 && value[value.length - 1] == 0 ? value.length - 1 : value.length;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value, 0, end))
                    .toString();
            if (text.chars().noneMatch(Character::isISOControl)) {
                return text;
            }
        } catch (CharacterCodingException noText) {
            // shown in hexadecimal
        }
        return "0x" + HexFormat.of().formatHex(value);
    }

    private static void extents(Map<String, Object> m, MemorySegment s) {
        m.put(TYPE, "extents");
        m.put("clusters", runs(s, 0));
    }

    private static void table(Map<String, Object> m, MemorySegment s) {
        m.put(TYPE, "extent_table");
        if (s.byteSize() < 8) {
            m.put(LENGTH, s.byteSize());
            return;
        }
        m.put("count", Long.toUnsignedString(Le.i64(s, 0)));
        m.put("pages", runs(s, 8));
    }

    /** Pairs of what is first and how many there are. */
    private static List<String> runs(MemorySegment s, long from) {
        List<String> runs = new ArrayList<>();
        for (long at = from; at + 8 <= s.byteSize(); at += 8) {
            runs.add(run(Le.u32(s, at), Le.u32(s, at + 4)));
        }
        return runs;
    }

    private static void extentPage(Map<String, Object> m, MemorySegment s) {
        m.put(TYPE, "extent_page");
        if (s.byteSize() < 4) {
            m.put(LENGTH, s.byteSize());
            return;
        }
        m.put("place", Le.u32(s, 0));
        List<String> runs = new ArrayList<>();
        for (long at = 4; at + 4 <= s.byteSize(); ) {
            long first = Le.u32(s, at);
            long count = 1;
            for (at += 4; at + 4 <= s.byteSize() && Le.u32(s, at) == (first == 0 ? 0 : first + count); at += 4) {
                count++;
            }
            runs.add(run(first, count));
        }
        m.put("clusters", runs);
    }

    /** Some that follow each other; 0 stands for none. */
    private static String run(long first, long count) {
        if (first == 0) {
            return "none x " + count;
        }
        return count == 1 ? Long.toString(first) : first + "-" + (first + count - 1);
    }

    /** A checksum. */
    static String hex(int value) {
        return "0x" + HexFormat.of().toHexDigits(value);
    }
}
