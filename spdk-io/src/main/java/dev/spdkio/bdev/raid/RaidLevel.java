// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How an array lays its blocks out on its base devices. Stands for {@code enum spdk_bdev_raid_level}. */
public enum RaidLevel {
    /** Strips in turn on each base: fast, and gone with the first base that fails. */
    RAID0("raid0", 0, 1),
    /** The same blocks on every base: as long as one is left, nothing is lost. */
    RAID1("raid1", 1, 2),
    /** Strips in turn, one of each stripe parity: one base may fail. Takes only writes of whole stripes. */
    RAID5F("raid5f", 0x5f, 3),
    /** One base after the other. */
    CONCAT("concat", 99, 1);

    private final String jsonName;
    private final int number;
    private final int minBases;

    RaidLevel(String jsonName, int number, int minBases) {
        this.jsonName = jsonName;
        this.number = number;
        this.minBases = minBases;
    }

    /** The name in JSON, as SPDK writes it. */
    public String jsonName() {
        return jsonName;
    }

    /** The number in the superblock. */
    int number() {
        return number;
    }

    /** Fewest bases that an array of this level may have. */
    public int minBases() {
        return minBases;
    }

    /** Fewest of {@code bases} with which it still works. */
    public int minOperational(int bases) {
        return switch (this) {
            case RAID1 -> 1;
            case RAID5F -> bases - 1;
            case RAID0, CONCAT -> bases;
        };
    }

    /** Whether it can go on without a base. */
    public boolean isRedundant() {
        return this == RAID1 || this == RAID5F;
    }

    /** The level with that number in the superblock, or null. */
    static @Nullable RaidLevel of(int number) {
        for (RaidLevel level : values()) {
            if (level.number == number) {
                return level;
            }
        }
        return null;
    }

    /**
     * The level with that name, in any case and with or without {@code raid}, as SPDK takes it.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static RaidLevel parse(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        for (RaidLevel level : values()) {
            if (wanted.equals(level.jsonName) || (level != CONCAT && level.jsonName.equals("raid" + wanted))) {
                return level;
            }
        }
        throw new IllegalArgumentException("raid level '" + name + "' is unknown: use raid0, raid1, raid5f or concat");
    }
}
