// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SizeClassTest {
    @Test
    void theOrderIsTheSmallestThatHoldsTheSize() {
        for (int order = 0; order < SizeClass.COUNT; order++) {
            long bytes = SizeClass.bytes(order);
            assertThat(SizeClass.orderOf(bytes)).isEqualTo(order);
            assertThat(SizeClass.orderOf(bytes + 1)).isEqualTo(order + 1);
            assertThat(SizeClass.orderOf(bytes - 1)).isEqualTo(order);
        }
        assertThat(SizeClass.orderOf(1)).isZero();
        assertThat(SizeClass.bytes(0)).isEqualTo(512);
        assertThat(SizeClass.orderOf(4 << 20)).isEqualTo(SizeClass.COUNT - 1);
        assertThat(SizeClass.orderOf(Long.MAX_VALUE)).isEqualTo(SizeClass.LARGE);
    }

    @Test
    void largeSizesAreWholeHugepages() {
        assertThat(SizeClass.roundUpLarge(1)).isEqualTo(2 << 20);
        assertThat(SizeClass.roundUpLarge(2 << 20)).isEqualTo(2 << 20);
        assertThat(SizeClass.roundUpLarge((2 << 20) + 1)).isEqualTo(4 << 20);
    }
}
