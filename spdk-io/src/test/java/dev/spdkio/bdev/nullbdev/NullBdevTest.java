// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.nullbdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NullBdevTest {
    private final SimulatedRuntime rt = SimulatedRuntime.create(1, 1);
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("test").limitBytes(16 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);

    @AfterEach
    void close() {
        rt.close();
    }

    @Test
    void storesNothingAndLeavesBuffersAlone() throws SpdkException {
        Bdev n = NullBdev.create(bdevs, new NullBdevOptions("N", 4096, 1L << 40));
        BdevChannel ch = rt.call(
                app,
                () -> bdevs.open("N", OpenMode.READ_WRITE, BdevEventListener.NONE)
                        .openChannel());
        DmaBuf buf = pool.allocate(4096);
        buf.fill((byte) 7);
        DmaBuf same = pool.allocate(4096);
        same.fill((byte) 7);
        rt.await(ch.writeAsync(buf, (1L << 52) - 4096));
        rt.await(ch.readAsync(buf, 0));
        assertThat(buf.mismatch(same)).isEqualTo(-1);
        rt.await(ch.writeZeroesBlocksAsync(0, 1L << 40));
        rt.await(ch.resetAsync());
        assertThat(n.supportedTypes())
                .doesNotContain(IoType.UNMAP, IoType.FLUSH, IoType.ZCOPY, IoType.NVME_ADMIN, IoType.NVME_IO)
                .filteredOn(type -> !n.emulates(type))
                .containsExactlyInAnyOrder(IoType.READ, IoType.WRITE, IoType.WRITE_ZEROES, IoType.RESET, IoType.ABORT);
        assertThat(rt.await(n.stats()).read().bytes()).isEqualTo(4096);
    }

    @Test
    void hasMetadataInItsBlocks() throws SpdkException {
        Bdev n = NullBdev.create(bdevs, new NullBdevOptions("N", 512, 8).withMetadataBytes(16));
        assertThat(n.blockSize()).isEqualTo(528);
        assertThat(n.dataBlockSize()).isEqualTo(512);
        assertThat(n.metadata()).isEqualTo(MetadataSpec.interleaved(16));
        assertThat(n.configCall().params()).containsEntry("block_size", 512).containsEntry("md_size", 16);
        assertThatThrownBy(() -> new NullBdevOptions("N", 512, 8).withMetadataBytes(24))
                .hasMessageContaining("24");
    }

    @Test
    void speaksSpdk() throws SpdkException {
        Bdev n = NullBdev.create(bdevs, new NullBdevOptions("N", 512, 8));
        assertThat(n.productName()).isEqualTo("Null disk");
        assertThat(n.configCall().method()).isEqualTo("bdev_null_create");
        assertThat(n.configCall().params()).containsEntry("num_blocks", 8L).doesNotContainKey("uuid");
        rt.await(bdevs.unregister(n));
        assertThat(bdevs.bdevs()).isEmpty();
        assertThatThrownBy(() -> new NullBdevOptions("N", 513, 8)).hasMessageContaining("512");
    }
}
