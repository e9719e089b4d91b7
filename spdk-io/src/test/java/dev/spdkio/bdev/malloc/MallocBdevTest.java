// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.malloc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.PageKind;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MallocBdevTest {
    private final SimulatedRuntime rt = SimulatedRuntime.create(1, 1);
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("test").limitBytes(16 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);

    @AfterEach
    void close() {
        rt.close();
    }

    private BdevChannel channel(String name) {
        return rt.call(
                app,
                () -> bdevs.open(name, OpenMode.READ_WRITE, BdevEventListener.NONE)
                        .openChannel());
    }

    private DmaBuf buf(int bytes, int value) {
        DmaBuf b = pool.allocate(bytes);
        b.fill((byte) value);
        return b;
    }

    @Test
    void storesEverything() throws SpdkException {
        MallocBdev.create(bdevs, new MallocBdevOptions("M", 512, 2048));
        BdevChannel ch = channel("M");
        DmaBuf back = pool.allocate(512 * 4);
        rt.await(ch.readAsync(back, 0));
        assertThat(back.mismatch(buf(2048, 0))).as("new memory is zero").isEqualTo(-1);
        rt.await(ch.writevAsync(IoVec.of(buf(700, 1), buf(324, 2)), 512));
        rt.await(ch.writeAsync(buf(512, 3), 2047 * 512));
        rt.await(ch.readvAsync(IoVec.of(back.slice(0, 100), back.slice(100, 924)), 512));
        assertThat(back.slice(0, 700).mismatch(buf(700, 1))).isEqualTo(-1);
        assertThat(back.slice(700, 324).mismatch(buf(324, 2))).isEqualTo(-1);
        rt.await(ch.unmapAsync(512, 512));
        rt.await(ch.writeZeroesAsync(1024, 512));
        rt.await(ch.flushAsync(0, 512));
        rt.await(ch.resetAsync());
        rt.await(ch.readAsync(back.slice(0, 1024), 512));
        assertThat(back.slice(0, 1024).mismatch(buf(1024, 0))).isEqualTo(-1);
        rt.await(ch.readAsync(back.slice(0, 512), 2047 * 512));
        assertThat(back.slice(0, 512).mismatch(buf(512, 3))).isEqualTo(-1);
    }

    @Test
    void speaksSpdk() throws SpdkException {
        UUID uuid = UUID.randomUUID();
        Bdev m = MallocBdev.create(
                bdevs,
                new MallocBdevOptions("M", 4096, 16)
                        .withUuid(uuid)
                        .withOptimalIoBoundary(8)
                        .withAlignment(4096)
                        .withPages(PageKind.NORMAL)
                        .withPrefault(false));
        assertThat(m.productName()).isEqualTo("Malloc disk");
        assertThat(m.requiredAlignment()).isEqualTo(4096);
        assertThat(m.splitOnOptimalIoBoundary()).isTrue();
        assertThat(m.supportedTypes())
                .doesNotContain(IoType.NVME_ADMIN, IoType.NVME_IO)
                .hasSize(13);
        assertThat(m.configCall().method()).isEqualTo("bdev_malloc_create");
        assertThat(m.configCall().params())
                .containsEntry("name", "M")
                .containsEntry("num_blocks", 16L)
                .containsEntry("block_size", 4096)
                .containsEntry("uuid", uuid.toString())
                .containsEntry("optimal_io_boundary", 8);
        Map<String, Object> info = new HashMap<>();
        m.dumpInfo(info);
        assertThat(info).containsEntry("pages", "NORMAL");
    }

    @Test
    void givesItsMemoryBack() throws SpdkException {
        Bdev m = MallocBdev.create(bdevs, new MallocBdevOptions("M", 512, 16));
        rt.await(bdevs.unregister(m));
        MallocBdev.create(bdevs, new MallocBdevOptions("M", 512, 16));
        assertThatThrownBy(() -> MallocBdev.create(bdevs, new MallocBdevOptions("M", 512, 16)))
                .isInstanceOf(SpdkException.class);
    }

    @Test
    void refusesOddSizes() {
        assertThatThrownBy(() -> new MallocBdevOptions("M", 100, 16)).hasMessageContaining("512");
        assertThatThrownBy(() -> new MallocBdevOptions("M", 512, 0)).hasMessageContaining("0 blocks");
    }
}
