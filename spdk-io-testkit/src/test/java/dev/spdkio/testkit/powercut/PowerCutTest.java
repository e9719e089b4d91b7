// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.testkit.Seeded;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A share of what {@code tools/explore-power-cuts} explores. */
@Timeout(600)
class PowerCutTest {
    /** For so long at most scripts are drawn: on a slow machine there are fewer of them. */
    private static final long ENOUGH_NANOS = 8_000_000_000L;

    private static final int EXHAUSTIVE = 6;

    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    @BeforeAll
    static void eachRecoveryIsLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    @Test
    @Seeded
    void allScriptsOfOneOperation(RandomGenerator random) {
        try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE)) {
            cuts.operations().forEach(op -> cuts.explore(List.of(op), 4096));
            report(cuts, "of one operation");
        }
    }

    @Test
    @Seeded
    void snapshotsThatGo(RandomGenerator random) {
        try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE)) {
            cuts.explore(List.of("deleteClone", "deleteSnapshot"), 4096);
            cuts.explore(List.of("decouple", "deleteSnapshot"), 4096);
            report(cuts, "that end with a snapshot");
        }
    }

    @Test
    @Seeded
    void someScriptsOfTwoAndThree(RandomGenerator random) {
        try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE)) {
            explore(cuts, random, 2, 4096);
            explore(cuts, random, 3, 4096);
            report(cuts, "of two and three operations");
        }
    }

    @Test
    @Seeded
    void someOnADeviceThatTearsPages(RandomGenerator random) {
        try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE)) {
            explore(cuts, random, 1, 512);
            explore(cuts, random, 2, 512);
            report(cuts, "of one and two operations, on sectors");
        }
    }

    private static void explore(PowerCuts cuts, RandomGenerator random, int operations, int atomic) {
        List<String> all = cuts.operations();
        long begin = System.nanoTime();
        do {
            List<String> script = new ArrayList<>();
            for (int i = 0; i < operations; i++) {
                script.add(all.get(random.nextInt(all.size())));
            }
            cuts.explore(script, atomic);
        } while (System.nanoTime() - begin < ENOUGH_NANOS / 2);
    }

    private static void report(PowerCuts cuts, String what) {
        System.out.println("power cuts in scripts " + what + ": " + cuts);
        assertThat(cuts.states()).isGreaterThanOrEqualTo(cuts.scripts());
    }

    /** Scripts in which something was wrong once: on a super block that was torn the whole store was lost. */
    @Test
    @Seeded
    void scriptsOfThePast(RandomGenerator random) {
        try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE)) {
            cuts.explore(List.of("clone"), 512);
        }
    }

    @Test
    @Seeded
    void aDeviceThatOnlySaysThatItFlushesIsFoundOut(RandomGenerator random) {
        for (String op : List.of("growThick", "snapshotThin", "inflate")) {
            try (PowerCuts cuts = new PowerCuts(random, EXHAUSTIVE, true)) {
                assertThatThrownBy(() -> cuts.explore(List.of(op), 4096))
                        .as(op)
                        .isInstanceOf(Violation.class)
                        .hasMessageContaining(op);
            }
        }
    }
}
