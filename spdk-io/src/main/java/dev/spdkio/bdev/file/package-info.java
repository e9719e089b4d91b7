// SPDX-License-Identifier: Apache-2.0
/**
 * What the devices on files have in common: size and blocks of the file with the errors to report, and resets.
 *
 * <p>Not exported. {@code dev.spdkio.bdev.aio} and {@code dev.spdkio.bdev.uring} are the devices.
 */
package dev.spdkio.bdev.file;
