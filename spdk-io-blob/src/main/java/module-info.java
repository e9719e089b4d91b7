// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The blobstore for spdk-io: data without names on a block device, with snapshots and clones, whoever keeps it; and
 * logical volumes, which are block devices on it.
 */
@NullMarked
module dev.spdkio.blob {
    requires static transitive org.jspecify;
    requires transitive dev.spdkio;

    exports dev.spdkio.bdev.lvol;
    exports dev.spdkio.blob;
    exports dev.spdkio.blob.check;
    exports dev.spdkio.blob.spi;
    exports dev.spdkio.blobfs;
    exports dev.spdkio.blobfs.nio;

    uses dev.spdkio.blob.spi.BlobstoreProvider;

    provides dev.spdkio.bdev.BdevModule with
            dev.spdkio.bdev.lvol.LvolBdevModule;
    provides dev.spdkio.blob.spi.BlobstoreProvider with
            dev.spdkio.blob.store.JavaBlobstores;
    provides java.nio.file.spi.FileSystemProvider with
            dev.spdkio.blobfs.nio.BlobFsProvider;

    // The RPC layer makes the records of parameters.
    opens dev.spdkio.bdev.lvol to
            dev.spdkio;
}
