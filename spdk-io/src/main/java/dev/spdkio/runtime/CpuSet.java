// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.BitSet;
import java.util.Objects;
import java.util.PrimitiveIterator;
import java.util.StringJoiner;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of CPU numbers, written as a hexadecimal mask ({@code 0x3}) or as a list ({@code [0-1,3]}).
 *
 * <p>Safe to use from any thread. The C counterpart is {@code struct spdk_cpuset}.
 */
public final class CpuSet implements Iterable<Integer> {

    /** How many CPUs a set can name: 0 to {@value} - 1. The C counterpart is {@code SPDK_CPUSET_SIZE}. */
    public static final int MAX_CPUS = 1024;

    private static final int BITS_PER_DIGIT = 4;
    private static final CpuSet EMPTY = new CpuSet(new BitSet());

    /** Never changed after construction and never handed out. */
    private final BitSet cpus;

    private CpuSet(BitSet cpus) {
        this.cpus = cpus;
    }

    /** Returns the set without any CPU. */
    public static CpuSet empty() {
        return EMPTY;
    }

    /** Returns the set of one CPU. */
    public static CpuSet singleton(int cpu) {
        return of(cpu);
    }

    /** Returns the set of the given CPUs; naming one twice does no harm. */
    public static CpuSet of(int... cpus) {
        BitSet bits = new BitSet();
        for (int cpu : cpus) {
            bits.set(checkCpu(cpu));
        }
        return new CpuSet(bits);
    }

    /** Returns the set of all CPUs from {@code first} to {@code last}, both included. */
    public static CpuSet range(int first, int last) {
        checkCpu(first);
        checkCpu(last);
        if (first > last) {
            throw new IllegalArgumentException(
                    "range of CPUs %d-%d runs backwards; write the smaller number first".formatted(first, last));
        }
        BitSet bits = new BitSet();
        bits.set(first, last + 1);
        return new CpuSet(bits);
    }

    /** Returns the set of the CPUs whose bits are set; later changes of {@code bits} do not matter. */
    public static CpuSet allOf(BitSet bits) {
        if (!bits.isEmpty()) {
            checkCpu(bits.length() - 1);
        }
        return new CpuSet((BitSet) bits.clone());
    }

    /**
     * Reads a mask or a list, as {@code spdk_cpuset_parse} does.
     *
     * <p>Text that begins with {@code [} is a list of decimal CPU numbers and ranges, such as {@code [0-1,3]}.
     * Everything else is a mask of hexadecimal digits, with or without {@code 0x}; so {@code 10} is CPU 4, not CPU 10.
     * Blanks around the text, and around the numbers of a list, are skipped.
     *
     * <p>Three things that C lets pass are refused here, because each hides a typing error: text after the closing
     * bracket, a range of three numbers, and mask bits beyond {@link #MAX_CPUS}.
     *
     * @throws IllegalArgumentException if the text is neither; the message names the position
     */
    public static CpuSet parse(String text) {
        return new CpuSet(new CpuSetParser(text).parse());
    }

    /**
     * Returns the lowest CPU of the set.
     *
     * @throws java.util.NoSuchElementException if the set is empty
     */
    public int first() {
        return stream().findFirst().orElseThrow();
    }

    /** Tells whether the CPU is in the set; a number that no set can hold is in none. */
    public boolean contains(int cpu) {
        return cpu >= 0 && cpus.get(cpu);
    }

    /** Tells whether every CPU of the other set is in this one. */
    public boolean containsAll(CpuSet other) {
        return other.and(not()).isEmpty();
    }

    /** Returns the number of CPUs in the set. */
    public int count() {
        return cpus.cardinality();
    }

    /** Tells whether the set has no CPU. */
    public boolean isEmpty() {
        return cpus.isEmpty();
    }

    /** Returns the CPUs that are in both sets. */
    public CpuSet and(CpuSet other) {
        BitSet bits = toBitSet();
        bits.and(other.cpus);
        return new CpuSet(bits);
    }

    /** Returns the CPUs that are in one set or in both. */
    public CpuSet or(CpuSet other) {
        BitSet bits = toBitSet();
        bits.or(other.cpus);
        return new CpuSet(bits);
    }

    /** Returns the CPUs that are in exactly one of the two sets. */
    public CpuSet xor(CpuSet other) {
        BitSet bits = toBitSet();
        bits.xor(other.cpus);
        return new CpuSet(bits);
    }

    /** Returns the CPUs below {@link #MAX_CPUS} that are not in this set. */
    public CpuSet not() {
        BitSet bits = toBitSet();
        bits.flip(0, MAX_CPUS);
        return new CpuSet(bits);
    }

    /** Returns the CPUs in ascending order. */
    public IntStream stream() {
        return cpus.stream();
    }

    /** Iterates over the CPUs in ascending order. */
    @Override
    public PrimitiveIterator.OfInt iterator() {
        return stream().iterator();
    }

    /** Returns a new bit set that the caller may change. */
    public BitSet toBitSet() {
        return (BitSet) cpus.clone();
    }

    /** Returns the set as a list, such as {@code [0-1,3]}; the empty set is {@code []}, which has no SPDK spelling. */
    public String toListString() {
        StringJoiner list = new StringJoiner(",", "[", "]");
        for (int first = cpus.nextSetBit(0); first >= 0; ) {
            int end = cpus.nextClearBit(first);
            list.add(end - first == 1 ? Integer.toString(first) : first + "-" + (end - 1));
            first = cpus.nextSetBit(end);
        }
        return list.toString();
    }

    /** Returns the mask without a prefix, such as {@code b}, as {@code spdk_cpuset_fmt} and SPDK's RPC replies do. */
    public String toMaskDigits() {
        int digits = Math.max(1, Math.ceilDiv(cpus.length(), BITS_PER_DIGIT));
        StringBuilder mask = new StringBuilder(digits);
        for (int digit = digits - 1; digit >= 0; digit--) {
            int value = 0;
            for (int bit = 0; bit < BITS_PER_DIGIT; bit++) {
                value |= cpus.get(digit * BITS_PER_DIGIT + bit) ? 1 << bit : 0;
            }
            mask.append(Character.forDigit(value, 16));
        }
        return mask.toString();
    }

    /** Returns the mask, such as {@code 0xb}; {@link #parse} reads it back. */
    @Override
    public String toString() {
        return "0x" + toMaskDigits();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CpuSet set && cpus.equals(set.cpus);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(cpus);
    }

    private static int checkCpu(int cpu) {
        if (cpu < 0 || cpu >= MAX_CPUS) {
            throw new IllegalArgumentException(
                    "CPU %d is out of range; CPUs are numbered 0 to %d".formatted(cpu, MAX_CPUS - 1));
        }
        return cpu;
    }
}
