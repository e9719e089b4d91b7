// SPDX-License-Identifier: Apache-2.0
/**
 * What stands behind the interfaces of {@link dev.spdkio.nvme}: for those who write a driver.
 */
package dev.spdkio.nvme.spi;
