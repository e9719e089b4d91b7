// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.Task;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Devices from a configuration, the RPC methods from inside the process, and a method of one's own. */
public final class ConfigAndRpc {
    private static final String CONFIG = """
            {"subsystems": [
              {"subsystem": "bdev", "config": [
                {"method": "bdev_malloc_create", "params": {"name": "Data0", "block_size": 4096, "num_blocks": 1024}},
                {"method": "bdev_null_create", "params": {"name": "Null0", "block_size": 512, "num_blocks": 1024}}
              ]}
            ]}
            """;

    private ConfigAndRpc() {}

    // docs: rpc-method
    /** The parameters of our own method; {@code min_blocks} in JSON. */
    private record CountDevices(Optional<Long> minBlocks) {}

    private static void register(SpdkApp app) {
        app.rpc().register("app_count_devices", CountDevices.class, p -> {
            long min = p.minBlocks().orElse(0L);
            return app.bdevs().bdevs().stream()
                    .filter(bdev -> bdev.blockCount() >= min)
                    .count();
        });
    }
    // docs: end

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        // docs: config-start
        SpdkApp.Builder builder = SpdkApp.builder().name("configured").configJson(CONFIG); // or config(file)
        // docs: end
        try (SpdkApp app = builder.start()) {
            register(app);
            // docs: rpc-call
            RpcRegistry rpc = app.rpc();
            JsonNode bdevs = app.appThread()
                    .<JsonNode>spawn("rpc", () -> Task.await(Task.call(() -> rpc.call("bdev_get_bdevs", null))))
                    .join();
            // docs: end
            for (JsonNode bdev : bdevs) {
                System.out.println(bdev.get("name").stringValue() + ": "
                        + bdev.get("product_name").stringValue());
            }
            JsonNode count = app.appThread()
                    .<JsonNode>spawn("rpc", () -> Task.await(Task.call(() -> rpc.call("app_count_devices", null))))
                    .join();
            System.out.println("devices: " + count);
        }
    }
}
