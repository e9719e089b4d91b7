// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

/** What happened so far; the numbers of {@link Report}. */
final class Counts {
    long steps;
    long requests;
    long succeeded;
    long refused;
    long aborted;
    long blocksChecked;
    long noMemory;
    long failures;
    long exceptions;
    long stuck;
    long aborts;
    long resets;
    long removals;
    long resizes;
    long exhaustions;
    long threadExits;
    long moves;

    long faults() {
        return noMemory
                + failures
                + exceptions
                + stuck
                + aborts
                + resets
                + removals
                + resizes
                + exhaustions
                + threadExits
                + moves;
    }
}
