// SPDX-License-Identifier: Apache-2.0
/**
 * The partitions of a device with a GUID partition table, each a device of its own, which appear by themselves. Stands
 * for {@code module/bdev/gpt}.
 */
package dev.spdkio.bdev.gpt;
