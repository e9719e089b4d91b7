// SPDX-License-Identifier: Apache-2.0
/** Devices that are equal parts of another. Stands for {@code module/bdev/split}. */
package dev.spdkio.bdev.split;
