// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import org.jspecify.annotations.Nullable;

/**
 * A simulated world did what it must not do. The message has the seed, the step, what waits and the last events.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class SimulationFailure extends AssertionError {
    private final transient Plan plan;
    private final String violation;

    SimulationFailure(Plan plan, String violation, String details, @Nullable Throwable cause) {
        super(
                "simulation of seed " + plan.seed() + " (" + plan.actions().size() + " actions): " + violation + "\n"
                        + details,
                cause);
        this.plan = plan;
        this.violation = violation;
    }

    /** What was simulated: {@link Simulation#run(Plan)} does it again. */
    public Plan plan() {
        return plan;
    }

    /** What went wrong, in one line. */
    public String violation() {
        return violation;
    }
}
