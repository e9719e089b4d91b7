// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.spdk.export.BdevExport;
import java.util.concurrent.CompletableFuture;

/**
 * Gives devices of the hub to SPDK's own block device layer, where its C components can use them: its NVMe-oF target,
 * logical volumes, RAID, passthru. The opposite, SPDK's devices in the hub, {@link dev.spdkio.Engine#SPDK} sees to by
 * itself.
 *
 * <p>Thread rule: any thread.
 */
public final class SpdkBdevs {
    private SpdkBdevs() {}

    /**
     * Registers a device with SPDK under its own name and UUID; {@code spdk_bdev_register}. SPDK's RPC method {@code
     * bdev_get_bdevs} lists it then. SPDK's modules examine it, which can mean I/O, before this completes.
     *
     * <p>It stays in the hub, and may be used there as well. It leaves SPDK by {@link ExportedBdev#unexport}, or when
     * it is removed from the hub, or when SPDK ends.
     *
     * @return fails with an {@link dev.spdkio.error.SpdkException}: EEXIST if SPDK has a device of that name or UUID,
     *     as it has if the device is SPDK's own; ENODEV if it is being removed; with {@link IllegalStateException} if
     *     SPDK does not run under the application of the device
     */
    public static CompletableFuture<ExportedBdev> export(Bdev bdev) {
        return bdev.manager().appThread().call(() -> new ExportedBdev(BdevExport.register(bdev)));
    }
}
