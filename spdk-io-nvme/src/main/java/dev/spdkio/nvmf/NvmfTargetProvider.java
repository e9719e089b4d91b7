// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import java.util.concurrent.CompletableFuture;

/** An NVMe-oF target in a module of its own, found by {@link java.util.ServiceLoader}. */
public interface NvmfTargetProvider {
    /** The engine of the applications it serves. */
    Engine engine();

    /** Makes a target for an application of that engine; see {@link NvmfTarget#create}. Any thread. */
    CompletableFuture<NvmfTarget> create(SpdkApp app, NvmfTargetOptions options);
}
