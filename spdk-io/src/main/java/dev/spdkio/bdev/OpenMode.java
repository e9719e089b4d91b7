// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What a descriptor is for.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum OpenMode {
    /** Reads only; everything that modifies is refused. */
    READ_ONLY,
    /** Reads and modifies. */
    READ_WRITE
}
