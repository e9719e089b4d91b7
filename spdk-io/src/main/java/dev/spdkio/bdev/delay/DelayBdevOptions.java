// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link DelayBdev} is made: the parameters of {@code bdev_delay_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param baseBdevName the name of the device it stands on
 * @param uuid its identity; if null, one that comes from that of the device it stands on
 * @param latencies how much longer I/O takes at first
 */
public record DelayBdevOptions(
        String name, String baseBdevName, @Nullable UUID uuid, DelayLatencies latencies) {
    /** Checks the names, and that the few are not faster than the many. */
    public DelayBdevOptions {
        Objects.requireNonNull(baseBdevName, "baseBdevName");
        if (name.equals(baseBdevName)) {
            throw new IllegalArgumentException("delay bdev " + name + " cannot stand on itself: choose another name");
        }
        if (latencies.p99Read() < latencies.avgRead() || latencies.p99Write() < latencies.avgWrite()) {
            throw new IllegalArgumentException(
                    "delay bdev " + name + ": " + latencies + "; a p99 latency must be at least the average");
        }
    }

    /** A device whose identity comes from that of its base. */
    public DelayBdevOptions(String name, String baseBdevName, DelayLatencies latencies) {
        this(name, baseBdevName, null, latencies);
    }
}
