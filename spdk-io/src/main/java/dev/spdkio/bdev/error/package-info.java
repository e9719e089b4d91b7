// SPDX-License-Identifier: Apache-2.0
/**
 * A device that goes wrong where another one would not, as it is told. Stands for {@code module/bdev/error}.
 */
package dev.spdkio.bdev.error;
