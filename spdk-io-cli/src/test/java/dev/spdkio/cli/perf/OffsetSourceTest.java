// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class OffsetSourceTest {

    @Test
    void ascendsAndBeginsAnew() {
        OffsetSource source = new OffsetSource(100, 3, 8, 0, 1, false);
        assertThat(LongStream.generate(source::nextBlock).limit(5)).containsExactly(100L, 108L, 116L, 100L, 108L);
    }

    @Test
    void sourcesThatTakeTurnsNeverMeet() {
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            OffsetSource source = new OffsetSource(0, 10, 1, i, 4, false);
            int own = i < 2 ? 3 : 2;
            for (int n = 0; n < own; n++) {
                assertThat(seen.add(source.nextBlock())).isTrue();
            }
            assertThat(source.nextBlock()).isEqualTo(i);
        }
        assertThat(seen).hasSize(10);
    }

    @Test
    void randomOffsetsAreSpreadEvenlyOverThePart() {
        OffsetSource source = new OffsetSource(1000, 16, 2, 0, 1, true);
        int[] hits = new int[16];
        for (int i = 0; i < 160_000; i++) {
            long block = source.nextBlock();
            assertThat(block).isBetween(1000L, 1030L);
            assertThat(block % 2).isZero();
            hits[(int) (block - 1000) / 2]++;
        }
        for (int n : hits) {
            assertThat(n).isBetween(9_500, 10_500);
        }
    }

    @Test
    void mixesReadsInTheGivenShare() {
        for (int percent : new int[] {0, 30, 100}) {
            OffsetSource source = new OffsetSource(0, 16, 1, 0, 1, true);
            long reads = LongStream.range(0, 100_000)
                    .filter(i -> source.nextIsRead(percent))
                    .count();
            assertThat(reads).isBetween(percent * 990L, percent * 1010L);
        }
    }
}
