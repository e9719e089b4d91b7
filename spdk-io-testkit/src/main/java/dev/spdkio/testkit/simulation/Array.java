// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.raid.RaidArrays;
import dev.spdkio.bdev.raid.RaidLevel;
import java.util.List;

/**
 * A disk that is an array. Of a redundant one only one member is faulty, and that one is taken out and put back: the
 * others must do without it.
 *
 * @param arrays where it is one of
 * @param level its level
 * @param victim the member that is faulty; null if all may be
 */
record Array(RaidArrays arrays, RaidLevel level, List<Bdev> members, int victim) {
    /** No member in particular. */
    static final int ALL = -1;

    /**
     * Whether requests may fail although nothing was done to the disk. What raid5f has not yet compared with its parity
     * it cannot make again.
     */
    boolean mayFail() {
        return victim == ALL || level == RaidLevel.RAID5F;
    }

    /** The faulty member comes or goes. On the app thread. */
    void swap(World world, String name) {
        if (victim != ALL) {
            String member = members.get(victim).name();
            boolean isIn = members.get(victim).claims().stream().findAny().isPresent();
            world.trace(isIn ? "take out" : "put back", name, victim, null);
            world.await(
                    "change of the members of " + name,
                    (isIn ? arrays.removeBase(member) : arrays.addBase(name, member)).handle((_, _) -> true));
        }
    }
}
