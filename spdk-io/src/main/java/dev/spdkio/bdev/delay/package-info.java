// SPDX-License-Identifier: Apache-2.0
/**
 * A device that makes reads and writes of another one take longer. Stands for {@code module/bdev/delay}.
 */
package dev.spdkio.bdev.delay;
