// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.Seeded;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Some thousand stores with changed metadata; {@code fuzz-tests/run} loads as many as one likes. */
@Timeout(120)
class MetadataFuzzTest {
    private static final int INPUTS = 3000;

    /** For so long at most: on a slow machine there are fewer of them. */
    private static final long ENOUGH_NANOS = 8_000_000_000L;

    /**
     * What went wrong once: identifiers of blobs that others named were given to new ones, masks that called free what
     * blobs had were believed, snapshots half made gave up what was others' or others stood on, blobs shared what they
     * had unnoticed, masks shared their pages.
     */
    private static final long[] PAST = {
        137, 162, 1203, 1320, 2455, 2816, 3123, 3785, 4785, 31773, 98288, 107223, 151638, 1138975, 500014453, 500235922,
        500421826, 500659545, 500876332, 700074086, 700238583, 700478226
    };

    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    @BeforeAll
    static void whatIsDamagedIsLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    @Test
    void metadataOfThePast() {
        try (MetadataFuzz fuzz = new MetadataFuzz()) {
            for (long seed : PAST) {
                fuzz.run(seed);
            }
            assertThat(fuzz.inputs()).isEqualTo(PAST.length);
        }
    }

    @Test
    @Seeded(1)
    void whateverTheMetadataIsLoadingEnds(@Seed long seed) {
        long begin = System.nanoTime();
        try (MetadataFuzz fuzz = new MetadataFuzz()) {
            while (fuzz.inputs() < INPUTS && System.nanoTime() - begin < ENOUGH_NANOS) {
                fuzz.run(seed + fuzz.inputs());
            }
            System.out.println("metadata from seed " + seed + ": " + fuzz);
            assertThat(fuzz.loaded()).isPositive();
        }
    }
}
