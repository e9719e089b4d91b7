// SPDX-License-Identifier: Apache-2.0
/**
 * A device with zones on one without. Stands for {@code module/bdev/zone_block}.
 */
package dev.spdkio.bdev.zoneblock;
