// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a {@link ZoneBlockBdev} is made: the parameters of {@code bdev_zone_block_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param baseBdevName the name of the device it stands on
 * @param zoneCapacity blocks of a zone that can be written; a zone begins at each multiple of the next power of two
 * @param optimalOpenZones how many zones should be open at once; only told to those who ask
 */
public record ZoneBlockBdevOptions(String name, String baseBdevName, long zoneCapacity, int optimalOpenZones) {
    private static final long MAX_CAPACITY = 1L << 62;

    /** Checks the numbers. */
    public ZoneBlockBdevOptions {
        Objects.requireNonNull(baseBdevName, "baseBdevName");
        if (name.equals(baseBdevName)) {
            throw new IllegalArgumentException("zoned bdev " + name + " cannot stand on itself: choose another name");
        }
        if (zoneCapacity < 1 || zoneCapacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "zoned bdev " + name + ": zone capacity " + zoneCapacity + " must be 1 to 2^62 blocks");
        }
        if (optimalOpenZones < 1) {
            throw new IllegalArgumentException(
                    "zoned bdev " + name + ": " + optimalOpenZones + " optimal open zones; there must be at least 1");
        }
    }

    /** The call of {@code bdev_zone_block_create} with these parameters. */
    ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev", baseBdevName);
        params.put("name", name);
        params.put("zone_capacity", zoneCapacity);
        params.put("optimal_open_zones", optimalOpenZones);
        return new ConfigCall("bdev_zone_block_create", params);
    }

    /** Blocks from the beginning of a zone to that of the next. */
    public long zoneBlocks() {
        return zoneCapacity == 1 ? 1 : Long.highestOneBit(zoneCapacity - 1) << 1;
    }
}
