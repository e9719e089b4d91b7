// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.SpdkApp;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.NvmfTargetContract;
import java.util.Map;

/** SPDK's target keeps what every target promises. */
class SpdkNvmfTargetContractTest extends NvmfTargetContract {
    @Override
    protected SpdkApp app() throws Exception {
        SpdkApp app = NativeApp.get();
        for (String name : bdevs()) {
            NativeApp.make(name, "bdev_malloc_create", Map.of("name", name, "num_blocks", 16384, "block_size", 512));
        }
        return app;
    }
}
