// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.BitSet;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuSetTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0x3      | [0-1]",
                "3        | [0-1]",
                "0X3      | [0-1]",
                "10       | [4]",
                "0        | []",
                "00000001 | [0]",
                "b        | [0-1,3]",
                "F0f      | [0-3,8-11]",
                "0x8000000000000000 | [63]",
                "' 0x5\t' | [0,2]",
            })
    void readsMasks(String mask, String list) {
        assertThat(CpuSet.parse(mask).toListString()).isEqualTo(list);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[0]           | 0x1",
                "[0-1,3]       | 0xb",
                "[3,0-1]       | 0xb",
                "[0-1,1-2]     | 0x7",
                "[ 0 , 2 - 3 ] | 0xd",
                "'  [7] '      | 0x80",
                "[007]         | 0x80",
                "[5-5]         | 0x20",
            })
    void readsLists(String list, String mask) {
        assertThat(CpuSet.parse(list)).hasToString(mask);
    }

    @Test
    void readsTheHighestCpu() {
        CpuSet last = CpuSet.singleton(CpuSet.MAX_CPUS - 1);
        assertThat(CpuSet.parse("[1023]")).isEqualTo(last);
        assertThat(CpuSet.parse("8" + "0".repeat(255))).isEqualTo(last);
        assertThat(CpuSet.parse("0000" + last.toMaskDigits())).isEqualTo(last);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''        | expected a hexadecimal digit at position 0, found the end",
                "' '       | expected a hexadecimal digit at position 1, found the end",
                "0x        | expected a hexadecimal digit at position 2, found the end",
                "0xg       | expected a hexadecimal digit at position 2, found 'g'",
                "1,2       | expected a hexadecimal digit at position 1, found ','",
                "-1        | expected a hexadecimal digit at position 0, found '-'",
                "3 3       | expected a hexadecimal digit at position 1, found ' '",
                "[         | expected a CPU number at position 1, found the end",
                "[]        | expected a CPU number at position 1, found ']'",
                "[,]       | expected a CPU number at position 1, found ','",
                "[1,]      | expected a CPU number at position 3, found ']'",
                "[1        | expected ',' or ']' at position 2, found the end",
                "[1 2]     | expected ',' or ']' at position 3, found '2'",
                "[0x1]     | expected ',' or ']' at position 2, found 'x'",
                "[-1]      | expected a CPU number at position 1, found '-'",
                "[1-]      | expected a CPU number at position 3, found ']'",
                "[1-2-3]   | expected ',' or ']' at position 4, found '-'",
                "[0,3-1]   | range 3-1 runs backwards at position 3, found '3'",
                "[1]x      | expected the end of the text at position 3, found 'x'",
                "[0,1024]  | CPU 1024 is above the largest number 1023 at position 3, found '1'",
            })
    void refusesWithTextPositionAndSyntax(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuSet.parse(text))
                .withMessage(
                        "CPU set \"%s\": %s; write a hexadecimal mask such as 0x3,"
                                + " or a list of numbers and ranges such as [0-1,3]",
                        text, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[99999999999999999999]", "[4294967296]", "\uFF11", "[\u0661]", "0x\0", "\0"})
    void refusesWhatOnlyLooksLikeANumber(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> CpuSet.parse(text));
    }

    @Test
    void refusesMaskBitsThatNoCpuHas() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuSet.parse("1" + "0".repeat(256)))
                .withMessageContaining("CPU 1024 is above the largest number 1023 at position 0");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, CpuSet.MAX_CPUS, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void refusesCpusOutOfRange(int cpu) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuSet.of(0, cpu))
                .withMessage("CPU %d is out of range; CPUs are numbered 0 to 1023", cpu);
        assertThat(CpuSet.empty().not().contains(cpu)).isFalse();
    }

    @Test
    void refusesABackwardRange() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CpuSet.range(3, 1))
                .withMessageContaining("3-1 runs backwards");
        assertThat(CpuSet.range(1, 3)).isEqualTo(CpuSet.of(1, 2, 3));
    }

    @Test
    void combinesLikeSets() {
        CpuSet a = CpuSet.of(0, 1, 5);
        CpuSet b = CpuSet.of(1, 5, 1000);
        assertThat(a.and(b)).isEqualTo(CpuSet.of(1, 5));
        assertThat(a.or(b)).isEqualTo(CpuSet.of(0, 1, 5, 1000));
        assertThat(a.xor(b)).isEqualTo(CpuSet.of(0, 1000));
        assertThat(a).as("operands never change").isEqualTo(CpuSet.of(0, 1, 5));
        assertThat(a.not().count()).isEqualTo(CpuSet.MAX_CPUS - 3);
        assertThat(CpuSet.empty().not()).isEqualTo(CpuSet.range(0, CpuSet.MAX_CPUS - 1));
        assertThat(a.containsAll(CpuSet.singleton(5))).isTrue();
        assertThat(a.containsAll(b)).isFalse();
        assertThat(a.containsAll(CpuSet.empty())).isTrue();
    }

    @Test
    void iteratesInAscendingOrder() {
        CpuSet set = CpuSet.of(9, 2, 2, 64);
        assertThat(set).containsExactly(2, 9, 64);
        assertThat(set.stream()).containsExactly(2, 9, 64);
        assertThat(set.count()).isEqualTo(3);
    }

    @Test
    void sharesNoBitSetWithTheCaller() {
        BitSet bits = new BitSet();
        bits.set(3);
        CpuSet set = CpuSet.allOf(bits);
        bits.set(4);
        set.toBitSet().set(5);
        assertThat(set).isEqualTo(CpuSet.singleton(3));
        bits.set(CpuSet.MAX_CPUS);
        assertThatIllegalArgumentException().isThrownBy(() -> CpuSet.allOf(bits));
    }

    @Test
    void emptySetHasAMaskButNoCpu() {
        assertThat(CpuSet.empty()).hasToString("0x0").isEmpty();
        assertThat(CpuSet.empty().isEmpty()).isTrue();
        assertThat(CpuSet.parse("0x0")).isEqualTo(CpuSet.empty()).hasSameHashCodeAs(CpuSet.empty());
    }

    static IntStream seeds() {
        return IntStream.range(0, 100);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everySpellingReadsBack(int seed) {
        Random random = new Random(seed);
        int limit = 1 + random.nextInt(CpuSet.MAX_CPUS);
        BitSet bits = new BitSet();
        random.ints(random.nextInt(limit + 1), 0, limit).forEach(bits::set);
        CpuSet set = CpuSet.allOf(bits);

        assertThat(CpuSet.parse(set.toString())).isEqualTo(set);
        assertThat(CpuSet.parse(set.toMaskDigits())).isEqualTo(set);
        if (!set.isEmpty()) {
            assertThat(CpuSet.parse(set.toListString())).isEqualTo(set);
        }
        assertThat(set.stream()).containsExactlyElementsOf(bits.stream().boxed().toList());
        assertThat(set.not().not()).isEqualTo(set);
        assertThat(set.xor(set.not()).count()).isEqualTo(CpuSet.MAX_CPUS);
    }
}
