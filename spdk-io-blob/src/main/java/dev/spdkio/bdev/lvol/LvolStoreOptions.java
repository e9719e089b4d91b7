// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.ClearMethod;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Objects;

/**
 * How a new {@link LvolStore} is to be: the parameters of {@code bdev_lvol_create_lvstore}. Stands for {@code struct
 * spdk_lvs_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param bdevName the name of the device it stands on, whose content is lost
 * @param name its name, 1 to {@link #MAX_NAME_BYTES} bytes
 * @param clusterSize bytes of a cluster, a multiple of 4096 and of the device's blocks
 * @param clearMethod what is done with the device at first
 * @param metadataPagesPerClusterRatio metadata pages for a hundred clusters: they limit the number of volumes, and with
 *     it how far the store can grow
 * @param metadataPageSize bytes of a metadata page, a power of two from 4096 to 65536; or 0 for what suits the device
 */
public record LvolStoreOptions(
        String bdevName,
        String name,
        int clusterSize,
        ClearMethod clearMethod,
        int metadataPagesPerClusterRatio,
        int metadataPageSize) {
    /** The most bytes of the name of a store or a volume. */
    public static final int MAX_NAME_BYTES = 63;

    /** Bytes of a cluster where nothing else is said. */
    public static final int CLUSTER_SIZE = 4 << 20;

    private static final int MAX_METADATA_PAGE = 65536;

    /** Checks the ranges. */
    public LvolStoreOptions {
        Objects.requireNonNull(bdevName, "bdevName");
        Objects.requireNonNull(clearMethod, "clearMethod");
        LvolAttributes.checkName("a store", name);
        if (metadataPagesPerClusterRatio < 1) {
            throw new IllegalArgumentException("store " + name + ": metadataPagesPerClusterRatio "
                    + metadataPagesPerClusterRatio + ": at least 1");
        }
        if (metadataPageSize > MAX_METADATA_PAGE) {
            throw new IllegalArgumentException(
                    "store " + name + ": metadataPageSize " + metadataPageSize + ": at most " + MAX_METADATA_PAGE);
        }
        BlobstoreOptions _ = LvolStores.OPTIONS.withClusterSize(clusterSize).withMetadataPages(0, metadataPageSize);
    }

    /** Clusters of 4 MiB, the device unmapped, a metadata page for each cluster. */
    public LvolStoreOptions(String bdevName, String name) {
        this(bdevName, name, CLUSTER_SIZE, ClearMethod.UNMAP, 100, 0);
    }

    /** The same with other clusters, in bytes. */
    public LvolStoreOptions withClusterSize(int value) {
        return new LvolStoreOptions(bdevName, name, value, clearMethod, metadataPagesPerClusterRatio, metadataPageSize);
    }

    /** The same with another first state of the device. */
    public LvolStoreOptions withClearMethod(ClearMethod value) {
        return new LvolStoreOptions(bdevName, name, clusterSize, value, metadataPagesPerClusterRatio, metadataPageSize);
    }

    /** The same with more or fewer metadata pages, and of another size. */
    public LvolStoreOptions withMetadata(int pagesPerClusterRatio, int pageSize) {
        return new LvolStoreOptions(bdevName, name, clusterSize, clearMethod, pagesPerClusterRatio, pageSize);
    }

    /** How the blobstore is made on a device of that size. */
    BlobstoreOptions blobstore(long deviceBytes) throws SpdkException {
        long pages = deviceBytes / clusterSize * metadataPagesPerClusterRatio / 100;
        if (pages < 1 || pages > Integer.MAX_VALUE) {
            throw new SpdkException(
                    Errno.EINVAL,
                    "store " + name + " on bdev " + bdevName + ": " + metadataPagesPerClusterRatio
                            + " metadata pages for a hundred of " + deviceBytes / clusterSize + " clusters are " + pages
                            + ": take another ratio");
        }
        return LvolStores.OPTIONS
                .withClusterSize(clusterSize)
                .withMetadataPages((int) pages, metadataPageSize)
                .withClearMethod(clearMethod);
    }
}
