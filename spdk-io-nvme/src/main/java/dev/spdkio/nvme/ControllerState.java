// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/** Where a controller is in its life. */
public enum ControllerState {
    /** Connected, and taking requests. */
    ONLINE,
    /** The connection was lost, or a reset was asked for; it is being made again. Requests wait, or fail. */
    RECONNECTING,
    /** It has gone, or could not be reached for too long. Every request fails; what is left to do is detaching. */
    REMOVED,
    /** Being detached. */
    DETACHING,
    /** Nothing is left of it. */
    DETACHED
}
