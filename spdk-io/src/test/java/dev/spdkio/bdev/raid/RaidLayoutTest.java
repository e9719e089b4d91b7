// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RaidLayoutTest {
    @Test
    void raid0TakesTurns() {
        Raid0 r = new Raid0(4, new long[] {18, 16, 100});
        assertThat(r.blockCount()).isEqualTo(48);
        for (int slot = 0; slot < 3; slot++) {
            long expected = 0;
            for (long block = 0; block <= 48; block++) {
                assertThat(r.before(slot, block)).isEqualTo(expected);
                expected += block / 4 % 3 == slot ? 1 : 0;
            }
        }
    }

    @Test
    void concatGoesOnWhereTheOneBeforeEnds() {
        Concat c = new Concat(4, new long[] {10, 3, 16});
        assertThat(c.blockCount()).isEqualTo(24);
        assertThat(c.dataBlocks(1)).isZero();
        assertThat(List.of(c.slotOf(0), c.slotOf(7), c.slotOf(8), c.slotOf(23))).containsExactly(0, 0, 2, 2);
    }

    @Test
    void raid5fMovesTheParityToTheFront() {
        Raid5f r = new Raid5f(8, new long[] {100, 99, 98});
        assertThat(r.blockCount()).isEqualTo(96 * 2);
        for (long stripe = 0; stripe < 12; stripe++) {
            Set<Integer> slots = new HashSet<>();
            slots.add(r.paritySlot(stripe));
            slots.add(r.dataSlot(stripe, 0));
            slots.add(r.dataSlot(stripe, 1));
            assertThat(slots).containsExactlyInAnyOrder(0, 1, 2);
            assertThat(r.dataSlot(stripe, 0)).isLessThan(r.dataSlot(stripe, 1));
        }
        assertThat(List.of(r.paritySlot(0), r.paritySlot(1), r.paritySlot(2), r.paritySlot(3)))
                .containsExactly(2, 1, 0, 2);
        assertThat(r.blockInBase(16 * 5 + 8 + 3)).isEqualTo(5 * 8 + 3);
        assertThat(r.baseBlock(17)).isEqualTo(8);
        assertThat(r.baseEnd(17)).isEqualTo(16);
    }

    @Test
    void xorsAnyNumberOfBytes() {
        Random random = new Random(3);
        for (int length : new int[] {0, 1, 7, 8, 9, 64, 513, 4096, 8 << 20}) {
            byte[] a = new byte[length + 3];
            byte[] b = new byte[length + 5];
            random.nextBytes(a);
            random.nextBytes(b);
            byte[] expected = a.clone();
            for (int i = 0; i < length; i++) {
                expected[3 + i] ^= b[5 + i];
            }
            Xor.into(MemorySegment.ofArray(a), 3, MemorySegment.ofArray(b), 5, length);
            assertThat(Arrays.equals(a, expected)).as("%d bytes", length).isTrue();
        }
    }

    @Test
    void aStripeHasReadersOrAWriter() {
        StripeLocks locks = new StripeLocks();
        assertThat(locks.tryRead(5)).isTrue();
        assertThat(locks.tryRead(5)).isTrue();
        assertThat(locks.tryWrite(5)).isFalse();
        locks.endRead(5);
        locks.endRead(5);
        assertThat(locks.tryWrite(5)).isTrue();
        assertThat(locks.tryRead(5)).isFalse();
        assertThat(locks.tryWrite(6)).isTrue();
        locks.endWrite(5);
        assertThat(locks.tryWrite(5)).isTrue();
    }

    @Test
    void levelsHaveSpdksNames() {
        assertThat(RaidLevel.parse("5F")).isEqualTo(RaidLevel.RAID5F);
        assertThat(RaidLevel.parse("raid5f")).isEqualTo(RaidLevel.RAID5F);
        assertThat(RaidLevel.parse("0")).isEqualTo(RaidLevel.RAID0);
        assertThat(RaidLevel.parse("Concat")).isEqualTo(RaidLevel.CONCAT);
        assertThatThrownBy(() -> RaidLevel.parse("raid6")).hasMessageContaining("raid6");
        assertThat(RaidLevel.of(99)).isEqualTo(RaidLevel.CONCAT);
    }

    @Test
    void optionsNameWhatIsWrong() {
        assertThatThrownBy(() -> new RaidBdevOptions("R", RaidLevel.RAID0, 3, List.of("a")))
                .hasMessageContaining("3 KiB");
        assertThatThrownBy(() -> new RaidBdevOptions("R", RaidLevel.RAID1, 4, List.of("a", "b")))
                .hasMessageContaining("no strips");
        assertThatThrownBy(() -> new RaidBdevOptions("R", RaidLevel.RAID5F, 4, List.of("a", "b")))
                .hasMessageContaining("2 base bdevs");
        assertThatThrownBy(() -> new RaidBdevOptions("R", RaidLevel.RAID0, 4, List.of("a", "a")))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> new RaidOptions(0, 0)).hasMessageContaining("process_window_size_kb");
        assertThatThrownBy(() -> new RaidOptions(1, -1)).hasMessageContaining("bandwidth");
    }
}
