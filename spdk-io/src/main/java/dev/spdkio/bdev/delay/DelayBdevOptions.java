// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /** The call of {@code bdev_delay_create} with these parameters. */
    ConfigCall configCall() {
        return configCall(name, baseBdevName, uuid, latencies);
    }

    /** The same with latencies that may have been changed to anything since. */
    static ConfigCall configCall(String name, String baseBdevName, @Nullable UUID uuid, DelayLatencies latencies) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("base_bdev_name", baseBdevName);
        if (uuid != null) {
            params.put("uuid", uuid.toString());
        }
        params.put("avg_read_latency", latencies.avgRead());
        params.put("p99_read_latency", latencies.p99Read());
        params.put("avg_write_latency", latencies.avgWrite());
        params.put("p99_write_latency", latencies.p99Write());
        return new ConfigCall("bdev_delay_create", params);
    }

    /** A device whose identity comes from that of its base. */
    public DelayBdevOptions(String name, String baseBdevName, DelayLatencies latencies) {
        this(name, baseBdevName, null, latencies);
    }
}
