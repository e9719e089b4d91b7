// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.rpc.RpcClient;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Configurations with devices on devices, in the order in which SPDK saves them: by module, bases last. */
@Timeout(60)
class VirtualBdevsTest {
    private static final String CONFIG = """
            {"subsystems": [
              {"subsystem": "accel", "config": [
                {"method": "accel_set_options", "params": {"small_cache_size": 128, "task_count": 2048}},
                {"method": "accel_crypto_key_create", "params": {"name": "k1", "cipher": "AES_XTS",
                  "key": "00112233445566778899aabbccddeeff", "key2": "ffeeddccbbaa99887766554433221100",
                  "tweak_mode": "SIMPLE_LBA"}}]},
              {"subsystem": "bdev", "config": [
                {"method": "bdev_set_options", "params": {"bdev_io_pool_size": 65535, "bdev_io_cache_size": 256,
                  "bdev_auto_examine": true, "iobuf_small_cache_size": 128, "iobuf_large_cache_size": 16}},
                {"method": "bdev_crypto_create", "params": {"base_bdev_name": "M0", "name": "C0", "key_name": "k1"}},
                {"method": "bdev_error_create", "params": {"base_name": "M2"}},
                {"method": "bdev_delay_create", "params": {"name": "D0", "base_bdev_name": "M1",
                  "avg_read_latency": 10, "p99_read_latency": 20, "avg_write_latency": 30, "p99_write_latency": 40}},
                {"method": "bdev_delay_create", "params": {"name": "Late", "base_bdev_name": "None",
                  "avg_read_latency": 1, "p99_read_latency": 2, "avg_write_latency": 3, "p99_write_latency": 4}},
                {"method": "bdev_zone_block_create", "params": {"base_bdev": "M3", "name": "Z0",
                  "zone_capacity": 1000, "optimal_open_zones": 4}},
                {"method": "bdev_nvme_set_hotplug", "params": {"period_us": 100000, "enable": false}},
                {"method": "bdev_malloc_create", "params": {"name": "M0", "num_blocks": 16384, "block_size": 512,
                  "physical_block_size": 512, "uuid": "685f747d-88ef-49ce-9d47-8bfc59a072aa", "md_size": 0,
                  "optimal_io_boundary": 0, "dif_type": 0, "dif_is_head_of_md": false, "dif_pi_format": 0,
                  "numa_id": -1}},
                {"method": "bdev_malloc_create", "params": {"name": "M1", "num_blocks": 16384, "block_size": 512,
                  "uuid": "44798be0-2fcf-49d1-bec4-b0132ccf8668"}},
                {"method": "bdev_malloc_create", "params": {"name": "M2", "num_blocks": 16384, "block_size": 512,
                  "uuid": "5ffe2975-9bf4-4791-b874-b999d70db0ae"}},
                {"method": "bdev_malloc_create", "params": {"name": "M3", "num_blocks": 16384, "block_size": 512,
                  "uuid": "e180e671-a672-4003-ad44-e9a2a3b1216e"}},
                {"method": "bdev_wait_for_examine"}]}]}
            """;

    private static SpdkApp start(String config) throws Exception {
        return SpdkApp.builder()
                .name("virtual")
                .memorySize(64 << 20)
                .rpc()
                .configJson(config)
                .start();
    }

    private static List<String> describe(SpdkApp app) {
        return app.bdevs().bdevs().stream()
                .map(b -> b.name() + " " + b.productName() + " " + b.uuid() + " " + b.blockCount())
                .sorted()
                .toList();
    }

    @Test
    @DisplayName("devices appear with their bases, with SPDK's identities, and a saved configuration is the same again")
    void loadsAndSaves() throws Exception {
        String saved;
        List<String> devices;
        try (SpdkApp app = start(CONFIG);
                RpcClient rpc = RpcClient.connect(Objects.requireNonNull(app.rpcAddress()))) {
            assertThat(app.bdevs().bdevs())
                    .extracting(Bdev::name)
                    .containsExactlyInAnyOrder("M0", "C0", "M1", "D0", "M2", "EE_M2", "M3", "Z0");
            assertThat(describe(app))
                    .as("what SPDK derives from the same bases")
                    .contains(
                            "C0 crypto 7f7102b7-f7f2-554d-bf77-0f14b0e7eeed 16384",
                            "D0 delay 11d47d76-186d-5dbc-b949-28db06dfe79b 16384",
                            "EE_M2 Error Injection Disk 0a09a4b4-0917-56f4-93db-da01e72992c4 16384",
                            "Z0 zone_block 799e67bc-2192-5b63-9781-1d33952d047d 16384");
            devices = describe(app);
            JsonNode config = rpc.call("save_config");
            saved = config.toString();
        }
        assertThat(saved).contains("\"Late\"", "accel_crypto_key_create");
        try (SpdkApp app = start(saved);
                RpcClient rpc = RpcClient.connect(Objects.requireNonNull(app.rpcAddress()))) {
            assertThat(describe(app)).isEqualTo(devices);
            assertThat(rpc.call("save_config").toString()).isEqualTo(saved);
        }
    }
}
