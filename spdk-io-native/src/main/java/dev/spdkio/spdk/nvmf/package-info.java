// SPDX-License-Identifier: Apache-2.0
/**
 * SPDK's own NVMe-oF target behind the interfaces of {@link dev.spdkio.nvmf}, served by our reactors.
 *
 * <p>SPDK wants all management of a target on one thread, which is the app thread here: requests from elsewhere are
 * posted to it, and done one after the other. The hosts are served by poll groups, one on each reactor.
 */
package dev.spdkio.spdk.nvmf;
