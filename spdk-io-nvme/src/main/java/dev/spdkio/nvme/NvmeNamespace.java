// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/**
 * A namespace of a controller. Stands for {@code struct spdk_nvme_ns}. The same object for the life of the controller,
 * whatever becomes of the namespace.
 *
 * <p>Thread rule: any thread; what it says changes when the controller says so.
 */
public interface NvmeNamespace {
    /** The controller. */
    NvmeController controller();

    /** The identifier, from 1; {@code spdk_nvme_ns_get_id}. */
    int id();

    /** Whether it is there now; {@code spdk_nvme_ns_is_active}. */
    boolean isActive();

    /** What it is; {@code spdk_nvme_ns_get_data}. As it was last, if it is not there. */
    NamespaceData data();

    /** Bytes of a block in memory, with metadata that follows it; {@code spdk_nvme_ns_get_extended_sector_size}. */
    int blockSize();

    /** Blocks; {@code spdk_nvme_ns_get_num_sectors}. */
    long blockCount();

    /** Bytes of the longest command; the driver splits longer ones; {@code spdk_nvme_ns_get_max_io_xfer_size}. */
    int maxTransferBytes();

    /** Bytes; {@code spdk_nvme_ns_get_size}. */
    default long sizeBytes() {
        return blockCount() * blockSize();
    }

    /** Whether the operation can be submitted to it. */
    default boolean supports(NvmeOperation operation) {
        return controller().data().supports(operation);
    }
}
