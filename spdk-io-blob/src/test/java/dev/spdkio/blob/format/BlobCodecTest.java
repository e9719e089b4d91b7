// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Blobs to pages and back, against bytes that are written out by hand, and pages that nobody wrote. */
class BlobCodecTest {
    private static final long ID = 1L << 32 | 7;

    private static BlobRecord record(long flags, int... map) {
        BlobRecord r = new BlobRecord();
        r.invalidFlags = flags;
        r.map = map;
        r.clusters = map.length;
        return r;
    }

    /** Seals pages as if they lay one after the other, and reads them. */
    private static BlobRecord read(List<MemorySegment> pages) throws MalformedMetadataException {
        BlobReader reader = new BlobReader(ID);
        for (int i = 0; i < pages.size(); i++) {
            MetadataPage.seal(pages.get(i), i + 1 < pages.size() ? 100 + i : MetadataPage.NONE);
            assertThat(MetadataPage.isIntact(pages.get(i))).isTrue();
            assertThat(reader.accept(pages.get(i))).isEqualTo(MetadataPage.next(pages.get(i)));
        }
        return reader.record();
    }

    @Test
    void aSmallBlobIsOnePageAsInC() throws Exception {
        BlobRecord r = record(BlobRecord.THIN, 3, 4, 5, 0, 0, 9);
        r.xattrs.put("ab", new byte[] {1, 2, 3});
        r.internalXattrs.put("SNAP", new byte[] {4});
        r.dataReadOnlyFlags = 1;
        r.metadataReadOnlyFlags = 2;
        List<MemorySegment> pages = BlobWriter.write(ID, r);
        assertThat(pages).hasSize(1);
        ByteBuffer b = ByteBuffer.allocate(120).order(ByteOrder.LITTLE_ENDIAN);
        b.putLong(ID).putInt(0).putInt(0);
        b.put((byte) 3).putInt(24).putLong(1).putLong(1).putLong(2);
        b.put((byte) 2).putInt(9).putShort((short) 2).putShort((short) 3).put(new byte[] {'a', 'b', 1, 2, 3});
        b.put((byte) 4).putInt(9).putShort((short) 4).putShort((short) 1).put(new byte[] {'S', 'N', 'A', 'P', 4});
        b.put((byte) 1)
                .putInt(24)
                .putInt(3)
                .putInt(3)
                .putInt(0)
                .putInt(2)
                .putInt(9)
                .putInt(1);
        byte[] page = pages.getFirst().toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOf(page, 120)).isEqualTo(b.array());
        assertThat(Arrays.copyOfRange(page, 4088, 4092)).containsOnly(0xFF);
        assertThat(Arrays.copyOfRange(page, 120, 4088)).containsOnly(0);
        BlobRecord back = read(pages);
        assertThat(back.map).containsExactly(3, 4, 5, 0, 0, 9);
        assertThat(back.xattrs.get("ab")).containsExactly(1, 2, 3);
        assertThat(back.internalXattrs.get("SNAP")).containsExactly(4);
        assertThat(back.dataReadOnlyFlags).isEqualTo(1);
        assertThat(back.metadataReadOnlyFlags).isEqualTo(2);
        assertThat(back.extentPages).isNull();
    }

    @Test
    void aTableNamesThePagesOfTheMap() throws Exception {
        BlobRecord r = record(BlobRecord.THIN | BlobRecord.EXTENT_TABLE, new int[2000]);
        r.extentPages = new int[] {0, 0, 5, 0};
        List<MemorySegment> pages = BlobWriter.write(ID, r);
        ByteBuffer b =
                ByteBuffer.wrap(pages.getFirst().toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
        b.position(45);
        assertThat(new int[] {b.get(), b.getInt(), (int) b.getLong()}).containsExactly(5, 32, 2000);
        assertThat(new int[] {b.getInt(), b.getInt(), b.getInt(), b.getInt(), b.getInt(), b.getInt()})
                .containsExactly(0, 2, 5, 1, 0, 1);
        BlobRecord back = read(pages);
        assertThat(back.extentPages).containsExactly(0, 0, 5, 0);
        assertThat(back.clusters).isEqualTo(2000);

        r.map[1030] = 77;
        MemorySegment page = MemorySegment.ofArray(new byte[4096]);
        ExtentPage.encode(page, ID, 2, place -> r.map[place], r.clusters);
        b = ByteBuffer.wrap(page.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(b.getLong(0)).isEqualTo(ID);
        assertThat(new int[] {b.get(16), b.getInt(17), b.getInt(21), b.getInt(25 + 4 * 6)})
                .containsExactly(6, 4 + 4 * 512, 1024, 77);
        ExtentPage.decode(page, ID, 2, back);
        assertThat(back.map[1030]).isEqualTo(77);
        MemorySegment last = MemorySegment.ofArray(new byte[4096]);
        ExtentPage.encode(last, ID, 3, place -> r.map[place], r.clusters);
        assertThat(last.get(ValueLayout.JAVA_INT_UNALIGNED, 17)).isEqualTo(4 + 4 * (2000 - 1536));
        assertThatThrownBy(() -> ExtentPage.decode(last, ID, 2, back)).isInstanceOf(MalformedMetadataException.class);
        // A page that was written for more clusters serves the smaller blob.
        back.clusters = 1600;
        ExtentPage.decode(last, ID, 3, back);
        back.clusters = 2001;
        back.map = new int[2001];
        assertThatThrownBy(() -> ExtentPage.decode(last, ID, 3, back))
                .isInstanceOf(MalformedMetadataException.class)
                .hasMessageContaining("464 clusters");
    }

    @Test
    void whatDoesNotFitGoesOn() throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 300; round++) {
            boolean table = random.nextBoolean();
            BlobRecord r = record(BlobRecord.THIN, new int[random.nextInt(3000)]);
            for (int i = 0; i < r.clusters; i++) {
                r.map[i] = random.nextInt(3) == 0
                        ? 0
                        : random.nextInt(2) == 0 && i > 0 ? r.map[i - 1] + 1 : 1 + random.nextInt(1 << 20);
            }
            for (int i = random.nextInt(30); i > 0; i--) {
                byte[] value = new byte[random.nextInt(i < 3 ? 4000 : 300)];
                random.nextBytes(value);
                (random.nextInt(9) == 0 ? r.internalXattrs : r.xattrs).put("\u00e4\u0080" + i, value);
            }
            if (table) {
                int[] pages = new int[BlobRecord.extentPages(r.clusters)];
                for (int i = 0; i < pages.length; i++) {
                    pages[i] = random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(1000);
                }
                r.extentPages = pages;
            }
            BlobRecord back = read(BlobWriter.write(ID, r));
            assertThat(back.clusters).isEqualTo(r.clusters);
            assertThat(back.extentPages).isEqualTo(r.extentPages);
            assertThat(back.map).isEqualTo(table ? new int[r.clusters] : r.map);
            assertThat(new ArrayList<>(back.xattrs.keySet())).isEqualTo(new ArrayList<>(r.xattrs.keySet()));
            r.xattrs.forEach((k, v) -> assertThat(back.xattrs.get(k)).isEqualTo(v));
            r.internalXattrs.forEach(
                    (k, v) -> assertThat(back.internalXattrs.get(k)).isEqualTo(v));
        }
    }

    @Test
    void whatCannotBeIsNamed() {
        refused("page of blob", 0, 8, 0);
        refused("number 1", 8, 1, 0);
        refused("descriptor", 17, -1, 0);
        refused("flags of 23", 17, 23, 0);
        refused("later version", 21, 1 << 20, 0);
        refused("not thin", 45 + 5, 0, 0);
        refused("extents of 9", 45 + 1, 9, 0);
        refused("at most", 45 + 9, 1 << 30, 0);
        refused("at most", 45 + 9, -1, 0);
        refused("clusters from", 45 + 5, Integer.MAX_VALUE, 0);
    }

    @Test
    void namesOfAttributesHaveNoNul() {
        for (String name : List.of("", "a\0b")) {
            BlobRecord r = record(0, 3);
            r.xattrs.put(name, new byte[] {1});
            assertThatThrownBy(() -> read(BlobWriter.write(ID, r)))
                    .isInstanceOf(MalformedMetadataException.class)
                    .hasMessageContaining("NUL");
        }
    }

    private static void refused(String word, int at, int value, long flags) {
        MemorySegment page = BlobWriter.write(ID, record(flags, 3, 4)).getFirst();
        Le.putI32(page, at, value);
        assertThatThrownBy(() -> read(List.of(page)))
                .isInstanceOf(MalformedMetadataException.class)
                .hasMessageContaining(word);
    }

    @Test
    void anyBytesEndInARecordOrInTheNamedException() {
        SplittableRandom random = new SplittableRandom(11);
        BlobRecord r = record(BlobRecord.THIN, 3, 4, 0, 8);
        r.xattrs.put("name", new byte[20]);
        byte[] rle = BlobWriter.write(ID, r).getFirst().toArray(ValueLayout.JAVA_BYTE);
        r.extentPages = new int[] {9};
        byte[] table = BlobWriter.write(ID, r).getFirst().toArray(ValueLayout.JAVA_BYTE);
        int refused = 0;
        for (int round = 0; round < 2_000; round++) {
            byte[] bytes = (random.nextBoolean() ? rle : table).clone();
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                bytes[16 + random.nextInt(120)] = (byte) random.nextInt(random.nextBoolean() ? 256 : 9);
            }
            MemorySegment page = MemorySegment.ofArray(bytes);
            try {
                BlobReader reader = new BlobReader(ID);
                int _ = reader.accept(page);
                BlobRecord found = reader.record();
                assertThat(found.map.length).isLessThanOrEqualTo(BlobRecord.MAX_CLUSTERS);
                ExtentPage.decode(page, ID, 0, found);
            } catch (MalformedMetadataException expected) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(100);
    }
}
