// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.SpdkApp;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.Spdk;
import dev.spdkio.testkit.NvmeContract;
import dev.spdkio.testkit.NvmeTestTarget;
import org.junit.jupiter.api.Test;

/** SPDK's NVMe driver, against SPDK's target in another process. */
class NativeNvmeContractTest extends NvmeContract {
    @Override
    protected SpdkApp app() throws Exception {
        return NativeApp.get();
    }

    @Override
    protected NvmeTestTarget startTarget() throws Exception {
        return NvmfTarget.start();
    }

    /** Up to v25.05 its malloc devices' miscompares are internal errors over NVMe. */
    @Override
    public boolean tellsMiscompares() {
        return Spdk.version().compareTo("v26.05") >= 0;
    }

    @Override
    @Test
    public void wrongRequestsAreRefusedBeforeTheyAreSubmitted() throws Exception {
        NativeApp.assumeSince("v25.05", "knows a controller by its address alone, so that there is no second one");
        super.wrongRequestsAreRefusedBeforeTheyAreSubmitted();
    }
}
