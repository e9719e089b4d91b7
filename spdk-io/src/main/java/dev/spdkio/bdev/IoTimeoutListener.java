// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.lang.System.Logger.Level;

/**
 * Hears of I/O that takes too long. Stands for {@code spdk_bdev_io_timeout_cb}.
 *
 * <p>Thread rule: runs on the thread that opened the descriptor, never after it was closed. Must not block.
 */
@FunctionalInterface
public interface IoTimeoutListener {
    /** Logs a warning that names the I/O. */
    IoTimeoutListener REPORT =
            io -> System.getLogger(IoTimeoutListener.class.getName()).log(Level.WARNING, "{0}", io);

    /** {@link #REPORT}, and ends the I/O early if the device can. */
    IoTimeoutListener ABORT = io -> {
        REPORT.timedOut(io);
        var _ = io.abort();
    };

    /** {@link #REPORT}, and resets the device, once for all that is found at once. */
    IoTimeoutListener RESET = io -> {
        REPORT.timedOut(io);
        var _ = io.reset();
    };

    /** An I/O has not ended in time. Called once for each, as long as the time allowed does not change. */
    void timedOut(TimedOutIo io);
}
