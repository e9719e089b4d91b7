// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What the zones of a device are like: the zone fields of {@code struct spdk_bdev}. A maximum of 0 means none.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param zoneBlocks blocks from the beginning of a zone to that of the next; {@code spdk_bdev_get_zone_size}
 * @param maxAppendBlocks most blocks of one append; {@code spdk_bdev_get_max_zone_append_size}
 * @param maxOpenZones most zones that may be open at once; {@code spdk_bdev_get_max_open_zones}
 * @param maxActiveZones most that may be open or closed; {@code spdk_bdev_get_max_active_zones}
 * @param optimalOpenZones how many it likes to have open; {@code spdk_bdev_get_optimal_open_zones}
 */
public record ZoneSpec(
        long zoneBlocks, long maxAppendBlocks, int maxOpenZones, int maxActiveZones, int optimalOpenZones) {
    /** Checks the numbers. */
    public ZoneSpec {
        if (zoneBlocks < 1 || maxAppendBlocks < 0 || maxOpenZones < 0 || maxActiveZones < 0 || optimalOpenZones < 0) {
            throw new IllegalArgumentException("zones of " + zoneBlocks + " blocks, appends of at most "
                    + maxAppendBlocks + ", " + maxOpenZones + " open, " + maxActiveZones + " active, best "
                    + optimalOpenZones + " open: a zone needs a block, and nothing may be negative");
        }
    }
}
