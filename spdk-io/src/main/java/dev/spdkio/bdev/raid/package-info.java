// SPDX-License-Identifier: Apache-2.0
/**
 * Devices made of several: {@code raid0}, {@code concat}, {@code raid1} and {@code raid5f}. Stands for
 * {@code module/bdev/raid}, whose superblock it reads and writes.
 *
 * <p>For readers of the code: {@code RaidArrays} makes and finds arrays; a {@code RaidBdev} is one, and decides, on the
 * app thread, who is part of it; what it decides is a {@code RaidView}, which each {@code RaidChannel} follows; a
 * {@code RaidLayout} turns I/O of the array into I/O of its bases; {@code RaidSync} copies in the background.
 */
package dev.spdkio.bdev.raid;
