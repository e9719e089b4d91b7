// SPDX-License-Identifier: Apache-2.0
/**
 * A device that hands everything on to the one it stands on: the shortest example of a device on another. Stands for
 * {@code module/bdev/passthru}.
 */
package dev.spdkio.bdev.passthru;
