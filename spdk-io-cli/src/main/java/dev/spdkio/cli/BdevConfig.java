// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * A call that makes a block device, as a configuration file would have it.
 *
 * @param method the RPC method
 * @param params its parameters
 */
public record BdevConfig(String method, Map<String, Object> params) {

    /** Memory that keeps what is written. */
    public static BdevConfig malloc(String name, long bytes, int blockSize) {
        return new BdevConfig("bdev_malloc_create", sized(name, bytes, blockSize));
    }

    /** A device that takes everything and gives nothing, to measure what is above it. */
    public static BdevConfig nullDevice(String name, long bytes, int blockSize) {
        return new BdevConfig("bdev_null_create", sized(name, bytes, blockSize));
    }

    private static Map<String, Object> sized(String name, long bytes, int blockSize) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("num_blocks", bytes / blockSize);
        params.put("block_size", blockSize);
        return params;
    }

    /** The name of the device. */
    public String bdev() {
        return String.valueOf(params.get("name"));
    }

    /** A configuration in SPDK's format that makes these devices. */
    public static String json(BdevConfig... devices) {
        List<Map<String, Object>> calls = new ArrayList<>();
        for (BdevConfig device : devices) {
            Map<String, Object> call = new LinkedHashMap<>();
            call.put("method", device.method);
            call.put("params", device.params);
            calls.add(call);
        }
        Map<String, Object> subsystem = new LinkedHashMap<>();
        subsystem.put("subsystem", "bdev");
        subsystem.put("config", calls);
        return JsonMapper.shared().writeValueAsString(Map.of("subsystems", List.of(subsystem)));
    }
}
