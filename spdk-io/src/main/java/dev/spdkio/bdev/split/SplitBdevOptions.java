// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.split;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a device is split: the parameters of {@code bdev_split_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param baseBdev the name of the device
 * @param splitCount how many parts, at least 1; fewer if there is no room for them
 * @param splitSizeMb MiB of each; 0 divides all of the device
 */
public record SplitBdevOptions(String baseBdev, int splitCount, long splitSizeMb) {
    /** Checks the numbers. */
    public SplitBdevOptions {
        Objects.requireNonNull(baseBdev, "baseBdev");
        if (splitCount < 1) {
            throw new IllegalArgumentException(
                    "split of bdev " + baseBdev + " into " + splitCount + " parts: give at least 1");
        }
        if (splitSizeMb < 0 || splitSizeMb > Long.MAX_VALUE >> 20) {
            throw new IllegalArgumentException("split of bdev " + baseBdev + " into parts of " + splitSizeMb
                    + " MiB: give 0 for equal parts of all, or at least 1");
        }
    }

    /** Equal parts of all of a device. */
    public SplitBdevOptions(String baseBdev, int splitCount) {
        this(baseBdev, splitCount, 0);
    }

    ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev", baseBdev);
        params.put("split_count", splitCount);
        params.put("split_size_mb", splitSizeMb);
        return new ConfigCall("bdev_split_create", params);
    }
}
