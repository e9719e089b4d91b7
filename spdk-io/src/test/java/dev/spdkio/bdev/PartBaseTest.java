// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PartBaseTest {
    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = new FakeDevice(BdevWorld.BLOCK, 128);

    @AfterEach
    void close() {
        w.close();
    }

    private Bdev part(Map<String, ?> info) {
        w.register(d, UnaryOperator.identity());
        return w.on(w.app, () -> PartBase.open(w.bdevs, "D", "parts").add("P", "part", 32, 32, null, "part", info));
    }

    @Test
    void aSeekDoesNotLeaveThePart() {
        d.types.addAll(List.of(IoType.SEEK_DATA, IoType.SEEK_HOLE));
        d.seekResult = 100;
        part(Map.of());
        BdevDesc desc = w.on(w.app, () -> w.bdevs.open("P", OpenMode.READ_ONLY, BdevEventListener.NONE));
        BdevChannel ch = w.on(w.app, desc::openChannel);
        assertThat(w.rt.await(ch.seekDataBlocksAsync(1))).isEqualTo(1);
        assertThat(w.rt.await(ch.seekHoleBlocksAsync(1))).isEqualTo(BdevCommands.NOWHERE);
        assertThat(d.seen).isEmpty();
        desc.close();
    }

    @Test
    void whatThereIsToSayStaysInOrder() {
        Map<String, Object> info = new LinkedHashMap<>();
        for (int i = 9; i >= 0; i--) {
            info.put("key" + i, i);
        }
        Map<String, Object> out = new LinkedHashMap<>();
        part(info).dumpInfo(out);
        assertThat(out.get("part").toString())
                .isEqualTo("{base_bdev=D, offset_blocks=32, key9=9, key8=8, key7=7, key6=6, key5=5, key4=4, key3=3,"
                        + " key2=2, key1=1, key0=0}");
    }
}
