// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.util.Locale;

/**
 * What simulations did, in numbers.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param seeds worlds that were simulated
 * @param steps turns of threads and reactors
 * @param requests requests that were submitted
 * @param succeeded those that ended well
 * @param refused those whose submission was refused
 * @param aborted those that ended early
 * @param blocksChecked blocks whose contents were compared with what they may be
 * @param faults times out of room, failures, exceptions, I/Os that got stuck, aborts, resets, removals, resizes, times
 *     without memory, exits and moves of threads
 * @param digest the same for every run of the same seeds
 */
public record Report(
        long seeds,
        long steps,
        long requests,
        long succeeded,
        long refused,
        long aborted,
        long blocksChecked,
        long faults,
        long digest) {
    /** Of nothing. */
    public static final Report EMPTY = new Report(0, 0, 0, 0, 0, 0, 0, 0, 0);

    static Report of(World world) {
        Counts c = world.counts;
        return new Report(
                1,
                c.steps,
                c.requests,
                c.succeeded,
                c.refused,
                c.aborted,
                c.blocksChecked,
                c.faults(),
                world.trace.digest());
    }

    /** Both together. */
    public Report plus(Report o) {
        return new Report(
                seeds + o.seeds,
                steps + o.steps,
                requests + o.requests,
                succeeded + o.succeeded,
                refused + o.refused,
                aborted + o.aborted,
                blocksChecked + o.blocksChecked,
                faults + o.faults,
                digest ^ o.digest);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%,d seeds, %,d steps, %,d requests (%,d succeeded, %,d aborted, %,d refused), %,d blocks checked, "
                        + "%,d faults, digest %x",
                seeds,
                steps,
                requests,
                succeeded,
                aborted,
                refused,
                blocksChecked,
                faults,
                digest);
    }
}
