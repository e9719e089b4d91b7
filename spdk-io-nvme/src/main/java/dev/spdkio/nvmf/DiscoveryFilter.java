// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

/**
 * What a listener must have in common with the address a host came by, to be in the discovery log that it reads.
 * Stands for {@code enum spdk_nvmf_tgt_discovery_filter}.
 */
public enum DiscoveryFilter {
    /** The type of the transport. */
    TRANSPORT_TYPE,
    /** The address. */
    ADDRESS,
    /** The port. */
    SERVICE
}
