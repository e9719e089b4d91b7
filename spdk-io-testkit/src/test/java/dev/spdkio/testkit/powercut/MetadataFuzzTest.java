// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.testkit.Seeded;
import java.io.ByteArrayOutputStream;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stores whose metadata was changed at random, for as long as the property {@value #SECONDS} says. */
@Timeout(86_400)
class MetadataFuzzTest {
    static final String SECONDS = "spdkio.fuzz.seconds";

    private static final int[] BORDERS = {0, 1, 2, 5, 6, 7, 0x18, 0x19, 0x7F, 0x80, 0xFF};

    @Test
    @Seeded
    void whateverTheMetadataIsLoadingEnds(RandomGenerator random) {
        MetadataFuzz fuzz = new MetadataFuzz();
        assertThat(fuzz.load(new byte[0])).isTrue();
        int loaded = 0;
        int rounds = 0;
        long enough = Integer.getInteger(SECONDS, 8) * 1_000_000_000L;
        for (long begin = System.nanoTime(); rounds == 0 || System.nanoTime() - begin < enough; rounds++) {
            loaded += fuzz.load(changes(random)) ? 1 : 0;
        }
        System.out.println(loaded + " of " + rounds + " changed stores could be loaded");
        assertThat(loaded).isLessThanOrEqualTo(rounds);
    }

    /** Mostly sealed pages, and places that mean something. */
    private static byte[] changes(RandomGenerator random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = switch (random.nextInt(6)) {
                case 0 -> random.nextInt(4096);
                case 1 -> 4088; // the page that follows
                case 2 -> random.nextInt(96);
                default -> 16 + random.nextInt(120); // descriptors
            };
            int length = 1 + random.nextInt(random.nextBoolean() ? 4 : 12);
            out.write(random.nextInt(5) == 0 ? random.nextInt(4) : 4 + random.nextInt(14));
            out.write(at);
            out.write(at >> 8);
            out.write(length | (random.nextInt(8) == 0 ? 0 : 0x80) | (random.nextBoolean() ? 0x40 : 0));
            for (int b = 0; b < length; b++) {
                out.write(random.nextBoolean() ? BORDERS[random.nextInt(BORDERS.length)] : random.nextInt());
            }
        }
        return out.toByteArray();
    }
}
