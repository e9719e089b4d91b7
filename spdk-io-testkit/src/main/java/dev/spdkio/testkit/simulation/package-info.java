// SPDX-License-Identifier: Apache-2.0
/**
 * Deterministic simulation of the whole bdev layer: {@link dev.spdkio.testkit.simulation.Simulation} makes a world from
 * a seed, lets clients on several SpdkThreads do random I/O on devices that answer late, out of room, wrongly or not at
 * all, removes, resets and resizes devices under them, and checks every answer against what a disk may say.
 *
 * <p>Reading order: {@link dev.spdkio.testkit.simulation.Plan} (what happens, drawn from the seed), {@code World} (the
 * stage), {@code Actions} (what each action does), {@code SimDevice} (a device with whims), {@code History} (what a
 * block may hold), {@code Request} (one I/O and its rules), {@link dev.spdkio.testkit.simulation.Simulation} (the run
 * and the checks at its end), {@code Shrinker} (a failing plan made short).
 */
@NullMarked
package dev.spdkio.testkit.simulation;

import org.jspecify.annotations.NullMarked;
