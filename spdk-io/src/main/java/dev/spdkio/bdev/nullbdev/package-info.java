// SPDX-License-Identifier: Apache-2.0
/**
 * A device that stores nothing and answers at once: what the hub itself costs can be measured with it. Stands for
 * {@code module/bdev/null}.
 */
package dev.spdkio.bdev.nullbdev;
