// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.nvme.TransportType;

/**
 * A transport of a target. It ends with the target. Stands for {@code struct spdk_nvmf_transport}.
 *
 * <p>Thread rule: any thread.
 */
public interface NvmfTransport {
    /** What it speaks over. */
    default TransportType trtype() {
        return options().trtype();
    }

    /** The options in force, those included that were left to the target. {@code spdk_nvmf_get_transport_opts}. */
    NvmfTransportOptions options();
}
