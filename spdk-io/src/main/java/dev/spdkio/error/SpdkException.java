// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.error;

import java.io.IOException;

/**
 * The checked failure of a storage operation.
 *
 * <p>Carries the Linux error number that SPDK reports as a negative return code, as a positive value; {@code 0} where
 * the failure has none (an NVMe or SCSI status, a timeout). The message names the object, the numbers and the remedy.
 */
public class SpdkException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param errno positive Linux error number, or 0
     * @param message what failed, on which object, and what to do
     */
    public SpdkException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /**
     * @param errno positive Linux error number, or 0
     * @param message what failed, on which object, and what to do
     * @param cause the failure below
     */
    public SpdkException(int errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    /** The positive Linux error number, or 0 where there is none. */
    public final int errno() {
        return errno;
    }
}
