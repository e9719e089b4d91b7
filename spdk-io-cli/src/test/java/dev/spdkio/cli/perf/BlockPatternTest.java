// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class BlockPatternTest {
    private static final int BLOCK = 512;

    private final BlockPattern pattern = new BlockPattern(BLOCK);
    private final MemorySegment data = MemorySegment.ofArray(new byte[8 * BLOCK]);

    @Test
    void whatWasFilledMatches() {
        pattern.fill(data, 40, 3);
        assertThat(pattern.matches(data, 40, 3)).isTrue();
        assertThat(pattern.describe(data, 40, 3)).isNull();
    }

    @Test
    void everyFlippedBitIsFound() {
        for (int at = 0; at < data.byteSize(); at += 7) {
            pattern.fill(data, 40, 3);
            data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) ^ 1 << at % 8));
            assertThat(pattern.matches(data, 40, 3)).isFalse();
            assertThat(pattern.describe(data, 40, 3))
                    .startsWith("block " + (40 + at / BLOCK) + ", generation 3: byte " + at % BLOCK / 8 * 8 + " is ");
        }
    }

    @Test
    void staleDataIsNamed() {
        pattern.fill(data, 40, 2);
        assertThat(pattern.describe(data, 40, 3)).isEqualTo("block 40, generation 3: stale data of generation 2");
        assertThat(pattern.describe(data, 40, 1)).isEqualTo("block 40, generation 1: later data of generation 2");
    }

    @Test
    void misplacedDataIsNamed() {
        pattern.fill(data, 48, 3);
        assertThat(pattern.describe(data, 40, 3))
                .isEqualTo("block 40, generation 3: misplaced data of block 48, generation 3");
    }

    @Test
    void aTornBlockIsFound() {
        pattern.fill(data, 40, 2);
        MemorySegment old = MemorySegment.ofArray(new byte[8 * BLOCK]).copyFrom(data);
        pattern.fill(data, 40, 3);
        MemorySegment.copy(old, 256, data, 256, 256);
        assertThat(pattern.describe(data, 40, 3)).startsWith("block 40, generation 3: byte 256 is ");
    }

    @Test
    void zeroesAndOnesNeverMatch() {
        for (int fill : new int[] {0, -1}) {
            data.fill((byte) fill);
            assertThat(pattern.matches(data, 0, 0)).isFalse();
            assertThat(pattern.matches(data, -1, -1)).isFalse();
        }
    }

    @Test
    void refusesBlocksThatHoldNoMark() {
        assertThatThrownBy(() -> new BlockPattern(12)).hasMessageContaining("multiple of 8, at least 16");
        assertThatThrownBy(() -> new BlockPattern(8)).hasMessageContaining("multiple of 8, at least 16");
    }
}
