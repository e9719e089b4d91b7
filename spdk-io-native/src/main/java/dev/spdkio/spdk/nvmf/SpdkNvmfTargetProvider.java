// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.nvmf.NvmfTarget;
import dev.spdkio.nvmf.NvmfTargetOptions;
import dev.spdkio.nvmf.NvmfTargetProvider;
import java.util.concurrent.CompletableFuture;

/** Makes SPDK's target; found by {@link java.util.ServiceLoader}. */
public final class SpdkNvmfTargetProvider implements NvmfTargetProvider {
    @Override
    public Engine engine() {
        return Engine.SPDK;
    }

    @Override
    public CompletableFuture<NvmfTarget> create(SpdkApp app, NvmfTargetOptions options) {
        return SpdkNvmfTarget.create(app, options);
    }
}
