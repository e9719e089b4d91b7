// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What can be done with a zone. Stands for {@code enum spdk_bdev_zone_action}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum ZoneAction {
    /** Lets go what the device keeps for a zone that is being written. */
    CLOSE,
    /** Nothing more is to be written to it: it is full. */
    FINISH,
    /** It will be written. */
    OPEN,
    /** Forgets what is in it: it is empty. */
    RESET,
    /** Gives it up for good. */
    OFFLINE
}
