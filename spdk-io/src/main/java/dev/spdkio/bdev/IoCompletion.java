// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * What the hub calls when an I/O has ended. Stands for {@code spdk_bdev_io_completion_cb}.
 *
 * <p>Thread rule: runs on the SpdkThread that submitted the I/O, never inside the submit call, exactly once, and
 * never if the submit call threw. The buffer belongs to the caller again. It must not block; an exception is logged
 * and counted.
 */
@FunctionalInterface
public interface IoCompletion {
    /**
     * The I/O has ended.
     *
     * @param status how; {@link IoStatus#SUCCESS} if it was done
     * @param userData what was given at submit
     */
    void completed(IoStatus status, @Nullable Object userData);
}
