// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.NativeContract;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** SPDK's NVMe devices in the hub, over TCP from another process: they keep what every block device promises. */
class NvmeBdevContractTest extends NativeContract {
    private static NvmfTarget target;

    @BeforeAll
    static void startTarget() throws Exception {
        target = NvmfTarget.start();
    }

    @AfterAll
    static void endTarget() throws Exception {
        if (target != null) {
            target.close();
        }
    }

    @Override
    protected Bdev create(BdevManager bdevs) throws Exception {
        NativeApp.rpc("bdev_nvme_attach_controller", NvmeBdevTest.controller("Contract", target, Map.of()));
        Bdev bdev = Objects.requireNonNull(bdevs.lookup("Contractn1"));
        try (BlockDevice device = BlockDevice.open(bdevs, bdev.name(), OpenMode.READ_WRITE)) {
            device.writeZeroes(0, bdev.sizeBytes());
        }
        return bdev;
    }

    @Override
    protected CompletableFuture<Void> remove(Bdev bdev) {
        return NativeApp.call("bdev_nvme_detach_controller", Map.of("name", "Contract"))
                .thenCompose(_ -> bdev.gone());
    }

    @Override
    public void compareAndWriteCounts() {
        Assumptions.abort("SPDK's target of v26.05 loses halves of fused commands that two connections send at once");
    }

    @Override
    public void nvmePassthruVendorSpecific() {
        Assumptions.abort("SPDK's target of v26.05 dies of a command that it does not know, when the device is a file");
    }
}
