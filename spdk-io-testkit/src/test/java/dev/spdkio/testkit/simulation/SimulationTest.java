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

    @Seeded
    void randomWorlds(@Seed long seed) {
        long begin = System.nanoTime();
        Report sum = Report.EMPTY;
        long first = seed >>> 20;
        while (sum.seeds() < SEEDS && System.nanoTime() - begin < ENOUGH_NANOS) {
            sum = sum.plus(run(first + sum.seeds()));
        }
        System.out.println("bdev simulation from seed " + first + ": " + sum + " in "
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
