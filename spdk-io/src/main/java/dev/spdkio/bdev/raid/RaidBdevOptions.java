// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How an array is made: the parameters of {@code bdev_raid_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param level its level
 * @param stripSizeKb KiB of a strip, a power of two; 0 for raid1, which has none
 * @param baseBdevs the names of its bases, in the order of their slots; they need not be there yet
 * @param uuid its identity; a random one if null
 * @param superblock whether it is written down on the bases, so that they are found to be an array by themselves. Takes
 *     the first MiB of each
 */
public record RaidBdevOptions(
        String name,
        RaidLevel level,
        int stripSizeKb,
        List<String> baseBdevs,
        @Nullable UUID uuid,
        boolean superblock) {

    /** Checks what can be checked without the bases. */
    public RaidBdevOptions {
        baseBdevs = List.copyOf(baseBdevs);
        if (name.isBlank()) {
            throw new IllegalArgumentException("a raid bdev needs a name that is not blank");
        }
        if (baseBdevs.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("raid bdev " + name + ": a base bdev has a blank name");
        }
        if (new HashSet<>(baseBdevs).size() < baseBdevs.size()) {
            throw new IllegalArgumentException(
                    "raid bdev " + name + ": a base bdev is named twice in " + baseBdevs + "; each has one slot");
        }
        if (baseBdevs.size() < level.minBases() || baseBdevs.size() > RaidSuperblock.MAX_BASES) {
            throw new IllegalArgumentException("raid bdev " + name + ": " + baseBdevs.size() + " base bdevs; "
                    + level.jsonName() + " takes " + level.minBases() + " to " + RaidSuperblock.MAX_BASES);
        }
        if (level == RaidLevel.RAID1 ? stripSizeKb != 0 : stripSizeKb <= 0 || Integer.bitCount(stripSizeKb) != 1) {
            throw new IllegalArgumentException("raid bdev " + name + ": strips of " + stripSizeKb + " KiB; "
                    + (level == RaidLevel.RAID1 ? "raid1 has no strips: leave the size out" : "use a power of two"));
        }
    }

    /** An array with a random identity and no superblock. */
    public RaidBdevOptions(String name, RaidLevel level, int stripSizeKb, List<String> baseBdevs) {
        this(name, level, stripSizeKb, baseBdevs, null, false);
    }

    /** The same with another {@link #uuid}. */
    public RaidBdevOptions withUuid(@Nullable UUID value) {
        return new RaidBdevOptions(name, level, stripSizeKb, baseBdevs, value, superblock);
    }

    /** The same with another {@link #superblock}. */
    public RaidBdevOptions withSuperblock(boolean value) {
        return new RaidBdevOptions(name, level, stripSizeKb, baseBdevs, uuid, value);
    }
}
