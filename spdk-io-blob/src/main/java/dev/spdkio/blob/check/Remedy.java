// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

/**
 * What mends what was found.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum Remedy {
    /** Nothing, and nothing needs to. */
    NONE,
    /** The next load, or a repair. */
    LOAD,
    /** A repair; a load leaves it as it is. */
    REPAIR,
    /** A repair that is told to give the blob up: see {@link RepairOptions#drop}. */
    DROP,
    /** A repair that is told to believe the super block: see {@link RepairOptions#acceptSuperBlock}. */
    ACCEPT_SUPER_BLOCK,
    /** Another device, or a copy of what can still be read of this one. */
    DEVICE
}
