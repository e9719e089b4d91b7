// SPDX-License-Identifier: Apache-2.0
/**
 * A device whose blocks are memory: fast, and gone with the process. Stands for {@code module/bdev/malloc}.
 */
package dev.spdkio.bdev.malloc;
