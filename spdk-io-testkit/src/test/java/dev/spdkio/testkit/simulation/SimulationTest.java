// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.testkit.Seed;
import dev.spdkio.testkit.Seeded;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Some thousand worlds; {@code tools/simulate} runs as many as one likes. */
class SimulationTest {
    private static final int SEEDS = 2_000;

    /** For so long at most: on a slow machine there are fewer of them. */
    private static final long ENOUGH_NANOS = 15_000_000_000L;

    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    @BeforeAll
    static void devicesThatThrowAreLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    /** The same worlds each time, so that a build that fails says something about its change. */
    @Test
    @Seeded(1)
    void randomWorlds(@Seed long seed) {
        long begin = System.nanoTime();
        Report sum = Report.EMPTY;
        while (sum.seeds() < SEEDS && System.nanoTime() - begin < ENOUGH_NANOS) {
            sum = sum.plus(run(seed + sum.seeds()));
        }
        System.out.println("bdev simulation from seed " + seed + ": " + sum + " in "
                + (System.nanoTime() - begin) / 1_000_000 + " ms");
        assertThat(sum.succeeded()).isGreaterThan(sum.seeds());
        assertThat(sum.faults()).isGreaterThan(sum.seeds());
        assertThat(sum.blocksChecked()).isGreaterThan(sum.seeds());
    }

    private static Report run(long seed) {
        try {
            return Simulation.run(seed);
        } catch (SimulationFailure e) {
            throw Shrinker.shrink(e);
        }
    }

    /** Worlds in which something was wrong once: a channel that came back at the end of a reset stayed frozen, say. */
    @ParameterizedTest
    @ValueSource(longs = {585, 1398, 2_013_042})
    void worldsOfThePast(long seed) {
        assertThat(run(seed).seeds()).isEqualTo(1);
    }

    @Test
    void theSameSeedReplaysExactly() {
        for (long seed = 1; seed <= 50; seed++) {
            assertThat(Simulation.run(seed)).isEqualTo(Simulation.run(seed));
        }
    }

    @Test
    void otherSeedsAreOtherWorlds() {
        assertThat(Simulation.run(1).digest()).isNotEqualTo(Simulation.run(2).digest());
    }
}
