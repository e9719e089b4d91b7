// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.gpt.GptBdevModule;
import dev.spdkio.bdev.gpt.GptPartition;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.sys.Errno;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GptBdevTest extends VirtualBdevTest {
    private static final long BLOCKS = BdevContract.MIN_BYTES / 512;
    private static final UUID ID = UUID.fromString("deadbeef-0001-0203-0405-060708090a0b");

    @Override
    BdevModule module() {
        return new GptBdevModule();
    }

    private static GptImage image() {
        return new GptImage(512, BLOCKS, new UUID(1, 2))
                .partition(1, GptPartition.SPDK, ID, 100, 199, "one")
                .partition(2, new UUID(7, 7), new UUID(7, 8), 200, 299, "another's")
                .partition(3, GptPartition.SPDK_OLD, new UUID(5, 6), 300, 399, "three");
    }

    /** Writes tables to the base, which was examined when it had none, and has it come again as another. */
    private void appear(byte[] head, byte[] tail) {
        BdevChannel ch = bed.channel(bed.app());
        bed.good(ch, (c, u) -> ch.submitWrite(bed.buf(head), 0, c, u));
        bed.good(ch, (c, u) -> ch.submitWrite(bed.buf(tail), image().tailBlock() * 512, c, u));
        ch.desc().close();
        world.await(ch.desc().closed());
        make(() -> PassthruBdev.create(bed.bdevs(), new PassthruBdevOptions("Disk", "Base0")));
        world.await(bed.bdevs().modules().whenExamined());
    }

    @Test
    @DisplayName("partitions for SPDK appear by themselves, where their table says")
    void appears() {
        appear(image().head(), image().tail());
        assertThat(bed.bdevs().bdevs()).extracting(Bdev::name).containsExactly("Base0", "Disk", "Diskp1", "Diskp3");
        Bdev one = find("Diskp1");
        assertThat(one.blockCount()).isEqualTo(100);
        assertThat(one.uuid()).isEqualTo(ID);
        assertThat(find("Diskp3").blockCount()).isEqualTo(99);
        Map<String, Object> info = new LinkedHashMap<>();
        one.dumpInfo(info);
        assertThat(info.get("gpt"))
                .asString()
                .contains("base_bdev=Disk", "offset_blocks=100", "partition_name=one", ID.toString());
        assertThat(one.configCall()).isNull();
        assertThat(find("Disk").claims()).hasSize(1);

        bed.use(one);
        BdevChannel ch = bed.channel(bed.app());
        DmaBuf out = bed.buf(512, 0x5A);
        bed.good(ch, (c, u) -> ch.submitWriteBlocks(out, 99, 1, c, u));
        bed.use(find("Disk"));
        BdevDesc desc = bed.open(bed.app(), OpenMode.READ_ONLY, BdevEventListener.NONE);
        BdevChannel disk = world.on(bed.app(), desc::openChannel);
        assertThat(contentOf(disk, 199, 1)).containsOnly(0x5A);
        desc.close();
        ch.desc().close();

        world.await(bed.bdevs().unregister(one));
        assertThat(find("Disk").claims()).as("one partition is left").hasSize(1);
        world.await(bed.bdevs().unregister(find("Diskp3")));
        assertThat(find("Disk").claims()).isEmpty();
        assertRefused(Errno.ENODEV, () -> world.on(bed.app(), () -> bed.bdevs().unregister("Diskp1")));
    }

    @Test
    @DisplayName("they go when their device goes")
    void followsTheDevice() {
        appear(image().head(), image().tail());
        world.await(bed.bdevs().unregister(find("Base0")));
        world.settle();
        assertThat(bed.bdevs().bdevs()).isEmpty();
    }

    @Test
    @DisplayName("the table at the end is used if the first is broken, and none if both are")
    void fallsBack() {
        byte[] head = image().head();
        head[512 + 16] ^= 1;
        appear(head, image().tail());
        assertThat(bed.bdevs().bdevs()).extracting(Bdev::name).contains("Diskp1", "Diskp3");
    }

    @Test
    @DisplayName("a device whose tables are both broken has no partitions and is not claimed")
    void hasNone() {
        byte[] head = image().head();
        byte[] tail = image().tail();
        head[1024] ^= 1;
        tail[0] ^= 1;
        appear(head, tail);
        assertThat(bed.bdevs().bdevs()).extracting(Bdev::name).containsExactly("Base0", "Disk");
        assertThat(find("Disk").claims()).isEmpty();
    }
}
