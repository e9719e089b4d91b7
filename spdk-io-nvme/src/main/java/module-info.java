// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * NVMe for spdk-io: what an application sees of controllers, namespaces and queue pairs, whoever drives them.
 */
@NullMarked
module dev.spdkio.nvme {
    requires static transitive org.jspecify;
    requires transitive dev.spdkio;

    exports dev.spdkio.nvme;
    exports dev.spdkio.nvme.spi;
    exports dev.spdkio.nvmf;

    uses dev.spdkio.nvme.spi.NvmeDriverProvider;
    uses dev.spdkio.nvmf.NvmfTargetProvider;
}
