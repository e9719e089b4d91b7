// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What happens in one simulation: all that is not in {@code actions} follows from the seed, each action from its own
 * seed and the state that it finds. So a plan with fewer actions is a plan too.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param seed makes the world: its threads, devices and bounds, and their whims
 * @param actions in order
 */
public record Plan(long seed, List<Step> actions) {
    /**
     * One action.
     *
     * @param place where it stands in the plan that was drawn
     * @param action what
     * @param seed for its details
     */
    public record Step(int place, Action action, long seed) {}

    private static final int FEWEST = 30;
    private static final int MOST = 160;

    /** Makes the list immutable. */
    public Plan {
        actions = List.copyOf(actions);
    }

    /** Draws a plan. */
    public static Plan of(long seed) {
        SplittableRandom r = new SplittableRandom(seed);
        int count = FEWEST + r.nextInt(MOST - FEWEST);
        List<Step> actions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            actions.add(new Step(i, Action.draw(r), r.nextLong()));
        }
        return new Plan(seed, actions);
    }

    /** The same without the actions from index {@code from} to before {@code to}. */
    public Plan without(int from, int to) {
        List<Step> fewer = new ArrayList<>(actions.subList(0, from));
        fewer.addAll(actions.subList(to, actions.size()));
        return new Plan(seed, fewer);
    }
}
