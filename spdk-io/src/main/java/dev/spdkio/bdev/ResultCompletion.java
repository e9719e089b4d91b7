// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * What the hub calls when an I/O has ended that gives more than a status. The promises are those of
 * {@link IoCompletion}.
 *
 * <p>Thread rule: runs on the SpdkThread that submitted the I/O, never inside the submit call, exactly once, and
 * never if the submit call threw. It must not block.
 *
 * @param <T> what the I/O gives
 */
@FunctionalInterface
public interface ResultCompletion<T> {
    /**
     * The I/O has ended.
     *
     * @param status how; {@link IoStatus#SUCCESS} if it was done
     * @param result what it gave; null unless it was done
     * @param userData what was given at submit
     */
    void completed(IoStatus status, @Nullable T result, @Nullable Object userData);
}
