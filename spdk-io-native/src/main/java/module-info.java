// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * Real SPDK under the spdk-io API: finds libspdk, drives it through the Foreign Function and Memory API, and shows its
 * devices in the bdev hub.
 */
@NullMarked
module dev.spdkio.spdk {
    requires static transitive org.jspecify;
    requires transitive dev.spdkio;
    requires transitive dev.spdkio.blob;
    requires transitive dev.spdkio.nvme;
    requires tools.jackson.databind;

    exports dev.spdkio.spdk;

    provides dev.spdkio.EngineProvider with
            dev.spdkio.spdk.SpdkEngine;
    provides dev.spdkio.blob.spi.BlobstoreProvider with
            dev.spdkio.spdk.blob.NativeBlobstores;
    provides dev.spdkio.nvme.spi.NvmeDriverProvider with
            dev.spdkio.spdk.nvme.NativeNvme;
    provides dev.spdkio.nvmf.NvmfTargetProvider with
            dev.spdkio.spdk.nvmf.SpdkNvmfTargetProvider;

    // The RPC layer makes the records of parameters.
    opens dev.spdkio.spdk.export to
            dev.spdkio;
}
