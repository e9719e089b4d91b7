// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.bdev.IoStatus;
import org.jspecify.annotations.Nullable;

/** The end of an operation that was submitted with a callback. Runs on the SpdkThread that submitted it. */
@FunctionalInterface
public interface FileCompletion {
    /**
     * The operation has ended.
     *
     * @param status how
     * @param bytes what was read or written, -1 for a read at the end of the file; 0 if it failed
     * @param userData what was given when it was submitted
     */
    void completed(IoStatus status, long bytes, @Nullable Object userData);
}
