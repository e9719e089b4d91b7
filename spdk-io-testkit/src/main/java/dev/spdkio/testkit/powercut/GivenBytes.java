// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import java.util.random.RandomGenerator;

/** Draws what it is given, and zeroes from then on: who changes a byte changes what is drawn there. */
final class GivenBytes implements RandomGenerator {
    private final byte[] bytes;
    private int at;

    GivenBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    private long draw(int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value = value << Byte.SIZE | (at < bytes.length ? bytes[at++] & 0xFF : 0);
        }
        return value;
    }

    @Override
    public long nextLong() {
        return draw(Long.BYTES);
    }

    @Override
    public int nextInt() {
        return (int) draw(Integer.BYTES);
    }

    @Override
    public int nextInt(int bound) {
        return (int) (draw(bound <= 1 << Byte.SIZE ? 1 : Integer.BYTES) % bound);
    }

    @Override
    public boolean nextBoolean() {
        return nextInt(2) == 1;
    }
}
