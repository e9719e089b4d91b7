// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.memory.DmaBuf;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link BdevManager#pendingIo}: the I/O that a device forgets is found, by device, type and time. */
final class PendingIoTest {
    private static final Duration LONG = Duration.ofSeconds(2);

    private final BdevWorld w = new BdevWorld();

    @AfterEach
    void close() {
        w.close();
    }

    private List<PendingIo> pending(Duration atLeast) {
        return w.rt.await(w.bdevs.pendingIo(atLeast));
    }

    @Test
    void namesWhatADeviceHasNotCompleted() {
        FakeDevice d = w.device(spec -> spec.productName("forgetful"));
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel channel = w.channel(w.other);
        DmaBuf buf = w.buf(2);
        long submitted = w.rt.clock().nanoTime();
        w.run(w.other, () -> channel.submitWriteBlocks(buf, 6, 2, w.note, "first"));
        w.rt.runFor(LONG);
        w.run(w.other, () -> channel.submitReadBlocks(buf, 9, 1, w.note, "second"));

        assertThat(pending(LONG)).singleElement().satisfies(io -> {
            assertThat(io.bdev()).isEqualTo("D");
            assertThat(io.type()).isEqualTo(IoType.WRITE);
            assertThat(io.offsetBlocks()).isEqualTo(6);
            assertThat(io.blockCount()).isEqualTo(2);
            assertThat(io.submitNanos()).isGreaterThanOrEqualTo(submitted);
            assertThat(io.age()).isBetween(LONG, LONG.plusMillis(10));
            assertThat(io)
                    .asString()
                    .contains("write of 2 blocks at block 6", "bdev D (forgetful)", "SpdkThread other", "2");
        });
        assertThat(pending(Duration.ZERO)).extracting(PendingIo::type).containsExactly(IoType.WRITE, IoType.READ);

        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        w.run(w.other, () -> d.finishOldest(IoStatus.SUCCESS));
        assertThat(pending(Duration.ZERO)).isEmpty();
    }

    @Test
    void namesAReset() {
        FakeDevice d = w.device(spec -> spec);
        d.mode = FakeDevice.Mode.HOLD;
        BdevChannel channel = w.channel(w.app);
        w.run(w.app, () -> channel.submitReset(w.note, "reset"));
        w.rt.runFor(LONG);
        assertThat(pending(LONG))
                .singleElement()
                .satisfies(io -> assertThat(io.type()).isEqualTo(IoType.RESET));
        w.run(w.app, () -> d.finishOldest(IoStatus.SUCCESS));
        w.rt.runUntilIdle();
        assertThat(pending(Duration.ZERO)).isEmpty();
    }
}
