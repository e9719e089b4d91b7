// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

/**
 * Makes a failing plan short: leaves out actions, halves first, as long as something still goes wrong.
 *
 * <p>Thread rule: one OS thread each.
 */
public final class Shrinker {
    private static final int MOST_RUNS = 2_000;

    private final World.Saboteur saboteur;
    private int runs;

    private Shrinker(World.Saboteur saboteur) {
        this.saboteur = saboteur;
    }

    /** The failure of a plan with as few of the actions as were found to do. */
    public static SimulationFailure shrink(SimulationFailure failure) {
        return shrink(failure, (device, _) -> device);
    }

    static SimulationFailure shrink(SimulationFailure failure, World.Saboteur saboteur) {
        return new Shrinker(saboteur).shorten(failure);
    }

    private SimulationFailure shorten(SimulationFailure found) {
        SimulationFailure shortest = found;
        for (int length = Math.max(1, found.plan().actions().size() / 2); length > 0; ) {
            boolean shorter = false;
            for (int from = 0; from < shortest.plan().actions().size() && runs < MOST_RUNS; ) {
                int size = shortest.plan().actions().size();
                SimulationFailure next = failureOf(shortest.plan().without(from, Math.min(size, from + length)));
                if (next != null) {
                    shortest = next;
                    shorter = true;
                } else {
                    from += length;
                }
            }
            length = shorter && length == 1 ? 1 : length / 2;
        }
        return shortest;
    }

    private @org.jspecify.annotations.Nullable SimulationFailure failureOf(Plan plan) {
        runs++;
        try {
            Simulation.run(plan, saboteur);
            return null;
        } catch (SimulationFailure e) {
            return e;
        }
    }
}
