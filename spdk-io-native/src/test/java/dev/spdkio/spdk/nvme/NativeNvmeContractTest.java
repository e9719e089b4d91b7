// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.spdk.Spdk;
import dev.spdkio.testkit.NvmeContract;
import dev.spdkio.testkit.NvmeTestTarget;

/** SPDK's NVMe driver, against SPDK's target in another process. */
class NativeNvmeContractTest extends NvmeContract {
    @Override
    protected SpdkApp startApp() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        return SpdkApp.builder()
                .name("nvme-contract")
                .engine(Engine.SPDK)
                .env(EnvOptions.DEFAULT.withoutHugepages().withoutPci())
                .memorySize(128 << 20)
                .ignoreSignals()
                .start();
    }

    @Override
    protected NvmeTestTarget startTarget() throws Exception {
        return NvmfTarget.start();
    }
}
