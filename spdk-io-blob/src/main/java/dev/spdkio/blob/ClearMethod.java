// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

/** What is done with space that comes or goes. Stands for {@code blob_clear_method} and {@code bs_clear_method}. */
public enum ClearMethod {
    /** Unmapped; for an open blob, what was chosen when it was created. */
    DEFAULT,
    /** Nothing: what was there before may be read. */
    NONE,
    /** Unmapped: what the device then reads is its own affair. */
    UNMAP,
    /** Overwritten with zeroes. */
    WRITE_ZEROES
}
