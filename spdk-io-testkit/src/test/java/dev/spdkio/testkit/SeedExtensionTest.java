// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

class SeedExtensionTest {

    /** What the samples below drew, in the order of their runs. */
    private static final List<Long> DRAWN = new ArrayList<>();

    /** Run by the tests below, never by the build: JUnit's own switch is a parameter of the launcher. */
    static final class Samples {

        @Seeded
        @RepeatedTest(3)
        void fresh(@Seed long seed, RandomGenerator random) {
            DRAWN.add(seed);
            DRAWN.add(random.nextLong());
        }

        @Seeded(7)
        @Test
        void pinned(@Seed long seed, Random first, Random second, RandomGenerator third) {
            DRAWN.addAll(List.of(seed, first.nextLong(), second.nextLong(), third.nextLong()));
        }

        @Seeded(11)
        @Test
        void fails(@Seed long seed) {
            throw new AssertionError("on purpose with seed " + seed);
        }

        @Seeded({1, 2})
        @Test
        void pinsTwo(@Seed long seed) {}
    }

    private static TestExecutionSummary run(String method) {
        DRAWN.clear();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectMethod(
                                        Samples.class, method, "long" + parameters(method)))
                                .build(),
                        summary);
        return summary.getSummary();
    }

    private static String parameters(String method) {
        return switch (method) {
            case "fresh" -> ",java.util.random.RandomGenerator";
            case "pinned" -> ",java.util.Random,java.util.Random,java.util.random.RandomGenerator";
            default -> "";
        };
    }

    private static void noSeedFromOutside() {
        assumeTrue(System.getProperty(SeedExtension.PROPERTY) == null, "the run has a seed of its own");
    }

    @Test
    void drawsANewSeedForEachInvocation() {
        noSeedFromOutside();
        assertThat(run("fresh").getTestsSucceededCount()).isEqualTo(3);
        assertThat(new HashSet<>(DRAWN)).as("three seeds, three first numbers").hasSize(6);
    }

    @Test
    void pinnedSeedRepeats() {
        noSeedFromOutside();
        run("pinned");
        List<Long> first = List.copyOf(DRAWN);
        run("pinned");
        assertThat(DRAWN).isEqualTo(first).startsWith(7L);
        assertThat(Set.copyOf(DRAWN)).as("generators of one invocation differ").hasSize(4);
    }

    @Test
    void propertyOverridesEverySeed() {
        String before = System.setProperty(SeedExtension.PROPERTY, "0x2A");
        try {
            run("pinned");
            assertThat(DRAWN).startsWith(42L);
            run("fresh");
            assertThat(DRAWN).hasSize(6);
            assertThat(Set.copyOf(DRAWN)).as("three equal runs").hasSize(2);
        } finally {
            restore(before);
        }
    }

    @Test
    void refusesAPropertyThatIsNoNumber() {
        String before = System.setProperty(SeedExtension.PROPERTY, "many");
        try {
            assertThat(failure(run("pinned"))).contains("spdkio.seed is \"many\"", "-Dspdkio.seed=42");
        } finally {
            restore(before);
        }
    }

    @Test
    void refusesTwoPins() {
        noSeedFromOutside();
        assertThat(failure(run("pinsTwo"))).contains("pins 2 seeds");
    }

    @Test
    void failureNamesSeedAndRemedy() {
        noSeedFromOutside();
        PrintStream before = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            assertThat(run("fails").getTestsFailedCount()).isEqualTo(1);
        } finally {
            System.setErr(before);
        }
        assertThat(captured.toString(StandardCharsets.UTF_8))
                .isEqualToIgnoringNewLines("Samples.fails failed with seed 11;"
                        + " run it again with -Dtest='Samples#fails' -Dspdkio.seed=11");
    }

    private static String failure(TestExecutionSummary summary) {
        return summary.getFailures().getFirst().getException().toString();
    }

    private static void restore(String before) {
        if (before == null) {
            System.clearProperty(SeedExtension.PROPERTY);
        } else {
            System.setProperty(SeedExtension.PROPERTY, before);
        }
    }
}
