// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The buffer of zeroes from which write zeroes is made where a device cannot: it comes when it can, large enough. */
class EmulatedZeroesTest {
    private BdevWorld w;

    private FakeDevice device(BdevOptions options) {
        w = new BdevWorld(1, options, 2 << 20);
        FakeDevice d = new FakeDevice(512, 128);
        d.types.remove(IoType.WRITE_ZEROES);
        Arrays.fill(d.bytes, (byte) 1);
        w.register(d, s -> s);
        return d;
    }

    @AfterEach
    void close() {
        w.close();
    }

    @Test
    void waitsForMemoryInsteadOfRefusing() {
        FakeDevice d = device(BdevOptions.DEFAULT);
        BdevChannel ch = w.channel(w.app);
        List<DmaBuf> all = new ArrayList<>();
        for (DmaBuf b = w.pool.tryAllocate(4096); b != null; b = w.pool.tryAllocate(4096)) {
            all.add(b);
        }
        w.run(w.app, () -> ch.submitWriteZeroesBlocks(0, 100, w.note, "x"));
        w.rt.runFor(Duration.ofMillis(10));
        assertThat(w.ends).isEmpty();
        all.forEach(DmaBuf::close);
        w.rt.runFor(Duration.ofMillis(10));
        assertThat(w.ends).containsExactly("x success");
        assertThat(d.bytes[100 * 512 - 1]).isZero();
    }

    @Test
    void isLargeEnoughForEveryDevice() throws Exception {
        FakeDevice d = device(BdevOptions.DEFAULT.withZeroBufferBytes(4096));
        BdevChannel small = w.channel(w.app);
        w.run(w.app, () -> small.submitWriteZeroesBlocks(0, 1, w.note, "small"));
        FakeDevice large = new FakeDevice(512, 128);
        large.types.remove(IoType.WRITE_ZEROES);
        w.bdevs.register(BdevSpec.builder("L", 512, 128).writeUnitSize(16, true).build(), large);
        w.run(w.app, () -> {
            BdevDesc desc = w.bdevs.open("L", OpenMode.READ_WRITE, BdevEventListener.NONE);
            desc.openChannel().submitWriteZeroesBlocks(0, 64, w.note, "large");
            desc.close();
        });
        w.rt.runFor(Duration.ofMillis(1));
        assertThat(w.ends).containsExactly("small success", "large success");
        assertThat(d.bytes[511]).isZero();
        assertThat(large.seen).hasSize(4).allMatch(seen -> seen.count() == 16);
    }
}
