// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.BitSet;

/** Reads the two spellings of a {@link CpuSet}; one parser reads one text. */
final class CpuSetParser {

    private final String text;
    private final BitSet cpus = new BitSet();
    private int position;

    CpuSetParser(String text) {
        this.text = text;
    }

    BitSet parse() {
        skipBlanks();
        if (peek() == '[') {
            list();
        } else {
            mask();
        }
        return cpus;
    }

    private void mask() {
        int end = text.stripTrailing().length();
        if (text.startsWith("0x", position) || text.startsWith("0X", position)) {
            position += 2;
        }
        if (position >= end) {
            throw error("expected a hexadecimal digit");
        }
        for (; position < end; position++) {
            int value = Character.digit(peek(), 16);
            if (value < 0 || peek() > 'f') {
                throw error("expected a hexadecimal digit");
            }
            setDigit(value, (end - 1 - position) * 4);
        }
    }

    private void setDigit(int value, int firstCpu) {
        for (int bit = 0; bit < 4; bit++) {
            if ((value & 1 << bit) != 0) {
                cpus.set(checkCpu(firstCpu + bit));
            }
        }
    }

    private void list() {
        do {
            position++;
            range();
        } while (peek() == ',');
        if (peek() != ']') {
            throw error("expected ',' or ']'");
        }
        position++;
        skipBlanks();
        if (position < text.length()) {
            throw error("expected the end of the text");
        }
    }

    private void range() {
        int start = position;
        int first = number();
        int last = first;
        if (peek() == '-') {
            position++;
            last = number();
        }
        if (first > last) {
            position = start;
            throw error("range %d-%d runs backwards".formatted(first, last));
        }
        cpus.set(first, last + 1);
    }

    private int number() {
        skipBlanks();
        int start = position;
        int number = 0;
        for (; isDecimal(peek()); position++) {
            // Saturates, so that a number of any length is reported as out of range.
            number = Math.min(number * 10 + (peek() - '0'), 1_000_000);
        }
        if (position == start) {
            throw error("expected a CPU number");
        }
        int end = position;
        position = start;
        checkCpu(number);
        position = end;
        skipBlanks();
        return number;
    }

    private int checkCpu(int cpu) {
        if (cpu >= CpuSet.MAX_CPUS) {
            throw error("CPU %d is above the largest number %d".formatted(cpu, CpuSet.MAX_CPUS - 1));
        }
        return cpu;
    }

    private static boolean isDecimal(char c) {
        return c >= '0' && c <= '9';
    }

    private void skipBlanks() {
        while (peek() == ' ' || peek() == '\t') {
            position++;
        }
    }

    /** The next character, or NUL at the end; a NUL inside the text is no part of either spelling. */
    private char peek() {
        return position < text.length() ? text.charAt(position) : '\0';
    }

    private IllegalArgumentException error(String what) {
        String found = position < text.length() ? "'" + text.charAt(position) + "'" : "the end";
        return new IllegalArgumentException(
                ("CPU set \"%s\": %s at position %d, found %s; write a hexadecimal mask such as 0x3,"
                                + " or a list of numbers and ranges such as [0-1,3]")
                        .formatted(text, what, position, found));
    }
}
