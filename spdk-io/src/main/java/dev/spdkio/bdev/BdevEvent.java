// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What a descriptor is told about its device. Stands for {@code enum spdk_bdev_event_type}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum BdevEvent {
    /** The device is going away: stop I/O, close the descriptor. Its unregistration waits for that. */
    REMOVED,
    /** The number of blocks has changed; {@link Bdev#blockCount()} has the new one. */
    RESIZED
}
