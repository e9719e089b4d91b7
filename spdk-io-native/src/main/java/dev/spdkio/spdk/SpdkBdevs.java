// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.LatencyHistogram;
import dev.spdkio.bdev.QosLimits;
import dev.spdkio.spdk.bdev.NativeControl;
import dev.spdkio.spdk.export.BdevExport;
import java.util.concurrent.CompletableFuture;

/**
 * Gives devices of the hub to SPDK's own block device layer, where its C components can use them: its NVMe-oF target,
 * logical volumes, RAID, passthru. The opposite, SPDK's devices in the hub, {@link dev.spdkio.Engine#SPDK} sees to by
 * itself; of those it sets limits, and shows how long their I/O takes.
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

    // ---- what SPDK does for its own devices -----------------------------------------------------------------------

    /**
     * Limits what one of SPDK's devices does in a second, for all its users; {@code spdk_bdev_set_qos_rate_limits}.
     *
     * @return fails with an {@link dev.spdkio.error.SpdkException}: EAGAIN if limits are being set already, ENODEV if
     *     it is not a device of SPDK
     */
    public static CompletableFuture<Boolean> setQosLimits(Bdev bdev, QosLimits limits) {
        return NativeControl.setLimits(
                bdev, limits.iops(), limits.mebibytes(), limits.readMebibytes(), limits.writeMebibytes());
    }

    /** The limits of one of SPDK's devices; {@code spdk_bdev_get_qos_rate_limits}. Fails as {@link #setQosLimits}. */
    public static CompletableFuture<QosLimits> qosLimits(Bdev bdev) {
        return NativeControl.limits(bdev).thenApply(l -> new QosLimits(l[0], l[1], l[2], l[3]));
    }

    /**
     * Has SPDK count how long the I/O of one of its devices takes, or not any more; {@code spdk_bdev_histogram_enable}.
     * Fails as {@link #setQosLimits}.
     */
    public static CompletableFuture<Boolean> enableHistogram(Bdev bdev, boolean enable) {
        return NativeControl.enableHistogram(bdev, enable);
    }

    /**
     * What was counted since {@link #enableHistogram}; {@code spdk_bdev_histogram_get}. Fails with EFAULT if nothing is
     * counted. What an RPC call had counted with bounds of its own is not in it.
     */
    public static CompletableFuture<LatencyHistogram> histogram(Bdev bdev) {
        return NativeControl.histogram(bdev)
                .thenApply(counts -> LatencyHistogram.ofTicks(counts, NativeControl.ticksPerSecond()));
    }
}
