// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The super block and the masks, against bytes that are written out by hand. */
class SuperBlockTest {
    private static final long DEVICE = 64L << 20;

    /** A store of 64 clusters of 1 MiB on blocks of 512 bytes, as SPDK makes it. */
    private static ByteBuffer golden() {
        ByteBuffer b = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        b.put("SPDKBLOB".getBytes(StandardCharsets.US_ASCII))
                .putInt(3)
                .putInt(4096)
                .putInt(0);
        b.putLong(-1).putInt(1 << 20);
        b.putInt(1).putInt(1); // which pages
        b.putInt(2).putInt(1); // which clusters
        b.putInt(4).putInt(64); // metadata
        b.put("TEST".getBytes(StandardCharsets.US_ASCII)).position(72);
        b.putInt(3).putInt(1); // which blobs
        b.putLong(DEVICE).putInt(512).putInt(4096);
        return seal(b);
    }

    private static ByteBuffer seal(ByteBuffer b) {
        CRC32C crc = new CRC32C();
        crc.update(b.array(), 0, 4092);
        return b.putInt(4092, (int) crc.getValue());
    }

    @Test
    void aNewStoreIsLaidOutAsInC() throws Exception {
        SuperBlock s = Layout.of(DEVICE, 512, 1 << 20, 64, 4096, "TEST");
        byte[] bytes = new byte[4096];
        s.encode(MemorySegment.ofArray(bytes));
        assertThat(bytes).isEqualTo(golden().array());
        assertThat(SuperBlock.decode(MemorySegment.ofArray(bytes), DEVICE)).isEqualTo(s);
        assertThat(s.clusters()).isEqualTo(64);
        assertThat(s.metadataClusters()).isEqualTo(1);
        assertThat(s.pageOffset(2)).isEqualTo(6 * 4096);
    }

    @Test
    void thereIsRoomToGrow() {
        // More metadata pages than clusters: the mask of clusters may grow until there are as many.
        SuperBlock s = Layout.of(DEVICE, 512, 1 << 20, 100_000, 4096, "");
        assertThat(s.clusterMask()).isEqualTo(new SuperBlock.Region(5, 1));
        assertThat(s.blobMask()).isEqualTo(new SuperBlock.Region(9, 4));
        assertThat(s.maxClusterMaskPages()).isEqualTo(4);
    }

    @Test
    void olderVersionsAreRead() throws Exception {
        ByteBuffer b = golden().putInt(8, 1)
                .putInt(72, 0)
                .putInt(76, 0)
                .putLong(80, 0)
                .putInt(88, 0)
                .putInt(92, 0);
        SuperBlock s = SuperBlock.decode(MemorySegment.ofArray(seal(b).array()), DEVICE);
        assertThat(s.version()).isEqualTo(1);
        assertThat(s.size()).isEqualTo(DEVICE);
        assertThat(s.ioUnitSize()).isEqualTo(4096);
        assertThat(s.metadataPageSize()).isEqualTo(4096);
        assertThat(s.blobMask().length()).isZero();
    }

    @Test
    void whatCannotBeIsNamed() {
        refused("version", b -> b.putInt(8, 4));
        refused("version", b -> b.putInt(8, 0));
        refused("signature", b -> b.put(0, (byte) 'X'));
        refused("67108865", b -> b.putLong(80, DEVICE + 1));
        refused("clusters of", b -> b.putInt(28, 0));
        refused("clusters of", b -> b.putInt(28, 5000));
        refused("io units", b -> b.putInt(88, 511));
        refused("metadata pages", b -> b.putInt(92, 5000));
        refused("metadata pages", b -> b.putInt(52, 0));
        refused("metadata pages", b -> b.putInt(52, -1));
        refused("metadata up to", b -> b.putInt(52, 20_000));
        refused("metadata up to", b -> b.putInt(48, -2));
        refused("mask of pages", b -> b.putInt(32, 0));
        refused("mask of clusters", b -> b.putInt(44, 100));
        refused("mask of blobs", b -> b.putInt(72, 7));
        ByteBuffer torn = golden().put(100, (byte) 1);
        assertThatThrownBy(() -> SuperBlock.decode(MemorySegment.ofArray(torn.array()), DEVICE))
                .isInstanceOf(MalformedMetadataException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void whatTheDeviceToreIsNotClean() throws Exception {
        SuperBlock unclean = SuperBlock.decode(MemorySegment.ofArray(golden().array()), DEVICE);
        SuperBlock clean = unclean.withClean(true);
        assertTornBetween(unclean, clean);
        assertTornBetween(clean.withSuperBlob(0x1_0000_0003L), clean.withClean(false));
        assertTornBetween(unclean.withSuperBlob(0x1_0000_0003L), unclean.withSuperBlob(0x1_0000_0005L));
        SuperBlock small = unclean.withSize(DEVICE / 2, 1);
        assertThat(torn(small, unclean)).isEqualTo(small);
        assertThatThrownBy(() ->
                        torn(unclean, unclean.withSuperBlob(0x1_0000_0003L).withSize(1 << 20, 1)))
                .hasMessageContaining("checksum");
    }

    private static void assertTornBetween(SuperBlock a, SuperBlock b) throws Exception {
        assertThat(torn(a, b)).isEqualTo(a.withClean(false));
        assertThat(torn(b, a)).isEqualTo(b.withClean(false));
    }

    /** The first sectors of one, and the last of another. */
    private static SuperBlock torn(SuperBlock first, SuperBlock last) throws Exception {
        MemorySegment one = MemorySegment.ofArray(new byte[4096]);
        MemorySegment other = MemorySegment.ofArray(new byte[4096]);
        first.encode(one);
        last.encode(other);
        MemorySegment.copy(other, 3584, one, 3584, 512);
        return SuperBlock.decode(one, DEVICE);
    }

    private static void refused(String word, Consumer<ByteBuffer> change) {
        ByteBuffer b = golden();
        change.accept(b);
        assertThatThrownBy(() -> SuperBlock.decode(MemorySegment.ofArray(seal(b).array()), DEVICE))
                .isInstanceOf(MalformedMetadataException.class)
                .hasMessageContaining(word);
    }

    @Test
    void masksAreBitsFromTheLowest() throws Exception {
        BitSet bits = new BitSet();
        bits.set(0);
        bits.set(9);
        bits.set(70);
        byte[] page = new byte[4096];
        Mask.CLUSTERS.encode(bits, 64, MemorySegment.ofArray(page));
        assertThat(page).startsWith(1, 64, 0, 0, 0, 1, 2, 0);
        bits.clear(70);
        assertThat(Mask.CLUSTERS.decode(MemorySegment.ofArray(page), 64)).isEqualTo(bits);
        assertThat(Mask.CLUSTERS.decode(MemorySegment.ofArray(page), 9)).isEqualTo(BitSet.valueOf(new long[] {1}));
        assertThatThrownBy(() -> Mask.CLUSTERS.decode(MemorySegment.ofArray(page), 65))
                .isInstanceOf(MalformedMetadataException.class)
                .hasMessageContaining("64 bits");
        assertThatThrownBy(() -> Mask.PAGES.decode(MemorySegment.ofArray(page), 64))
                .isInstanceOf(MalformedMetadataException.class);
        page[4] = -1;
        assertThatThrownBy(() -> Mask.CLUSTERS.decode(MemorySegment.ofArray(page), 64))
                .isInstanceOf(MalformedMetadataException.class);
        assertThat(Mask.pages(32728, 4096)).isEqualTo(1);
        assertThat(Mask.pages(32729, 4096)).isEqualTo(2);
    }
}
