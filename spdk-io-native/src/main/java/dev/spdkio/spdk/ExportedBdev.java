// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.spdk.export.BdevExport;
import java.util.concurrent.CompletableFuture;

/**
 * A device of the hub that SPDK has; see {@link SpdkBdevs#export}.
 *
 * <p>Requests of SPDK run on the SpdkThread that made them, without a copy. Errors go both ways with their codes. What
 * the hub has no room for waits in SPDK. A reset is over when everything has ended that was under way before it.
 *
 * <p>Thread rule: any thread.
 */
public final class ExportedBdev implements AutoCloseable {
    private final BdevExport export;

    ExportedBdev(BdevExport export) {
        this.export = export;
    }

    /** The device. */
    public Bdev bdev() {
        return export.bdev();
    }

    /**
     * Takes the device from SPDK; {@code spdk_bdev_unregister}. Its users there are told, and it goes when the last of
     * them has closed it. Idempotent.
     *
     * @return completes when SPDK has let it go
     */
    public CompletableFuture<Void> unexport() {
        export.unregister();
        return export.gone();
    }

    /** Completes when SPDK has let the device go, for whatever reason. */
    public CompletableFuture<Void> gone() {
        return export.gone();
    }

    /** Begins {@link #unexport} without waiting for it. */
    @Override
    public void close() {
        export.unregister();
    }

    @Override
    public String toString() {
        return export.toString();
    }
}
