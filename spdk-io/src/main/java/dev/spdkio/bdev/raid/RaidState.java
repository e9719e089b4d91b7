// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.Locale;

/** What becomes of an array. Stands for {@code enum spdk_bdev_raid_state}. */
public enum RaidState {
    /** It is a bdev. */
    ONLINE,
    /** It waits for bases. */
    CONFIGURING,
    /** It lost too many bases, or is being deleted. */
    OFFLINE;

    /** The name in JSON, as SPDK writes it. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
