// SPDX-License-Identifier: Apache-2.0
/**
 * Logical volumes: stores of volumes on block devices, each volume a block device itself, with snapshots and clones. In
 * SPDK's format on the blobstore. Stands for {@code lib/lvol} and {@code module/bdev/lvol}.
 *
 * <p>{@link dev.spdkio.bdev.lvol.LvolStores} are the stores of an application: made by {@link
 * dev.spdkio.bdev.lvol.LvolStores#create}, or found on devices that come. A {@link dev.spdkio.bdev.lvol.LvolStore} has
 * {@linkplain dev.spdkio.bdev.lvol.Lvol volumes}. All is done on the app thread, where futures complete.
 */
package dev.spdkio.bdev.lvol;
