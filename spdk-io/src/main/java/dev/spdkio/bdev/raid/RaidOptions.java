// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How all arrays copy in the background: the parameters of {@code bdev_raid_set_options}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param processWindowSizeKb KiB of an array that are copied at once, and not written to meanwhile
 * @param processMaxBandwidthMbSec MiB of an array that are copied in a second; 0 for no limit
 */
public record RaidOptions(int processWindowSizeKb, int processMaxBandwidthMbSec) {
    /** SPDK's values. */
    public static final RaidOptions DEFAULT = new RaidOptions(1024, 0);

    /** The largest window: it takes as much memory, for each base. */
    public static final int MAX_WINDOW_KB = 64 << 10;

    /** Checks the bounds. */
    public RaidOptions {
        if (processWindowSizeKb < 1 || processWindowSizeKb > MAX_WINDOW_KB) {
            throw new IllegalArgumentException(
                    "process_window_size_kb is " + processWindowSizeKb + ": must be 1 to " + MAX_WINDOW_KB);
        }
        if (processMaxBandwidthMbSec < 0) {
            throw new IllegalArgumentException("process_max_bandwidth_mb_sec is " + processMaxBandwidthMbSec
                    + ": must not be negative, 0 is no limit");
        }
    }

    /** By SPDK's names. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("process_window_size_kb", processWindowSizeKb);
        json.put("process_max_bandwidth_mb_sec", processMaxBandwidthMbSec);
        return json;
    }
}
