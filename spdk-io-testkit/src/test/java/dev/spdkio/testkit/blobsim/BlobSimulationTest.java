// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.Seeded;
import dev.spdkio.testkit.simulation.Report;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Some hundred worlds; {@code tools/simulate --of blobs} runs as many as one likes. */
class BlobSimulationTest {
    private static final int SEEDS = 300;

    /** For so long at most: on a slow machine there are fewer of them. */
    private static final long ENOUGH_NANOS = 10_000_000_000L;

    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    @BeforeAll
    static void whatFailsIsLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    @Test
    @Seeded(1)
    void randomWorlds(@Seed long seed) {
        long begin = System.nanoTime();
        Report sum = Report.EMPTY;
        while (sum.seeds() < SEEDS && System.nanoTime() - begin < ENOUGH_NANOS) {
            sum = sum.plus(BlobSimulation.run(seed + sum.seeds()));
        }
        System.out.println("blob simulation from seed " + seed + ": " + sum + " in "
                + (System.nanoTime() - begin) / 1_000_000 + " ms");
        assertThat(sum.succeeded()).isGreaterThan(sum.seeds());
        assertThat(sum.blocksChecked()).isGreaterThan(sum.seeds());
    }

    /**
     * Worlds in which something was wrong once: snapshots that were there and not, blobs that could not be deleted; an
     * unmap that was lost while its blob was inflated, what a failed copy left in a free cluster, a write that was over
     * before its cluster was in the map on the device. In the last one nothing was but what was expected: a write may be
     * in what a blob grows by until it is over.
     */
    @ParameterizedTest
    @ValueSource(longs = {136, 178, 1425, 1683, 10471, 211062})
    void worldsOfThePast(long seed) {
        assertThat(BlobSimulation.run(seed).seeds()).isEqualTo(1);
    }

    @Test
    void theSameSeedReplaysExactly() {
        for (long seed = 1; seed <= 5; seed++) {
            assertThat(BlobSimulation.run(seed)).isEqualTo(BlobSimulation.run(seed));
        }
    }

    @Test
    void aDeviceThatForgetsWritesIsFoundOut() {
        int found = 0;
        for (long seed = 1; seed <= 12; seed++) {
            try {
                var _ = BlobSimulation.run(seed, 0.05);
            } catch (AssertionError wrong) {
                found++;
            }
        }
        assertThat(found).isPositive();
    }
}
