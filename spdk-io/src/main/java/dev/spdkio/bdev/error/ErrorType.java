// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

/**
 * How an I/O goes wrong. Stands for {@code enum vbdev_error_type}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum ErrorType {
    /** It fails, and the device below does not see it. */
    FAILURE,
    /** It does not end, until it is aborted, the device is reset or removed, or {@link ErrorBdev#resumePending}. */
    PENDING,
    /** It succeeds with one byte changed: of what a read gives, of what a write stores. Others are not touched. */
    CORRUPT_DATA,
    /** There is no room for it; the hub tries again, which counts as another one. */
    NOMEM,
    /** It fails with an NVMe status. */
    NVME_FAILURE
}
