// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How a blobstore is to be. Stands for {@code struct spdk_bs_opts}.
 *
 * <p>Sizes and the number of pages are chosen when a store is made; a store that is loaded has those it was made with.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param clusterSize bytes of a cluster, a multiple of 4096
 * @param metadataPages pages for the metadata of blobs, which limit their number; 0 for one page a cluster
 * @param metadataPageSize bytes of such a page, or 0 for the least: 4096 or the device's physical block
 * @param maxMetadataOps metadata operations under way at once; others wait for them
 * @param maxChannelOps requests of a channel under way at once; others wait for them
 * @param clearMethod what is done with the device when the store is made
 * @param type what the store is for, at most 16 bytes. A store is loaded only if it has the same, unless it is empty
 *     here
 * @param forceRecovery whether the metadata is read as after a crash although the store was unloaded properly
 * @param externalSnapshots whether blobs may be clones of block devices
 */
public record BlobstoreOptions(
        int clusterSize,
        int metadataPages,
        int metadataPageSize,
        int maxMetadataOps,
        int maxChannelOps,
        ClearMethod clearMethod,
        String type,
        boolean forceRecovery,
        boolean externalSnapshots) {
    /** Bytes of the smallest page, of which clusters are multiples. */
    public static final int PAGE_SIZE = 4096;

    /** The most bytes of {@link #type}. */
    public static final int MAX_TYPE_BYTES = 16;

    /** Clusters of 1 MiB, a page of metadata for each, unmapped at first, of no type. */
    public static final BlobstoreOptions DEFAULT =
            new BlobstoreOptions(1 << 20, 0, 0, 32, 512, ClearMethod.UNMAP, "", false, false);

    /** Checks the ranges. */
    public BlobstoreOptions {
        if (clusterSize < PAGE_SIZE || clusterSize % PAGE_SIZE != 0) {
            throw new IllegalArgumentException("clusterSize " + clusterSize + ": a multiple of " + PAGE_SIZE);
        }
        if (metadataPages < 0) {
            throw new IllegalArgumentException("metadataPages " + metadataPages + " is negative");
        }
        if (metadataPageSize != 0 && (metadataPageSize < PAGE_SIZE || Integer.bitCount(metadataPageSize) != 1)) {
            throw new IllegalArgumentException(
                    "metadataPageSize " + metadataPageSize + ": a power of two from " + PAGE_SIZE + ", or 0");
        }
        if (metadataPageSize > clusterSize) {
            throw new IllegalArgumentException(
                    "metadataPageSize " + metadataPageSize + ": at most clusterSize " + clusterSize);
        }
        if (maxMetadataOps < 1 || maxMetadataOps > 1 << 10) {
            throw new IllegalArgumentException("maxMetadataOps " + maxMetadataOps + ": 1 to " + (1 << 10));
        }
        if (maxChannelOps < 1 || maxChannelOps > 1 << 14) {
            throw new IllegalArgumentException("maxChannelOps " + maxChannelOps + ": 1 to " + (1 << 14));
        }
        Objects.requireNonNull(clearMethod, "clearMethod");
        int typeBytes = type.getBytes(StandardCharsets.UTF_8).length;
        if (typeBytes > MAX_TYPE_BYTES || type.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "type '" + type + "' of " + typeBytes + " bytes: at most " + MAX_TYPE_BYTES + ", and no NUL");
        }
    }

    /** The same with other clusters, in bytes. */
    public BlobstoreOptions withClusterSize(int value) {
        return new BlobstoreOptions(
                value,
                metadataPages,
                metadataPageSize,
                maxMetadataOps,
                maxChannelOps,
                clearMethod,
                type,
                forceRecovery,
                externalSnapshots);
    }

    /** The same with other metadata pages. */
    public BlobstoreOptions withMetadataPages(int count, int size) {
        return new BlobstoreOptions(
                clusterSize,
                count,
                size,
                maxMetadataOps,
                maxChannelOps,
                clearMethod,
                type,
                forceRecovery,
                externalSnapshots);
    }

    /** The same with other limits of what is under way at once. */
    public BlobstoreOptions withLimits(int metadataOps, int channelOps) {
        return new BlobstoreOptions(
                clusterSize,
                metadataPages,
                metadataPageSize,
                metadataOps,
                channelOps,
                clearMethod,
                type,
                forceRecovery,
                externalSnapshots);
    }

    /** The same with another first state of the device. */
    public BlobstoreOptions withClearMethod(ClearMethod value) {
        return new BlobstoreOptions(
                clusterSize,
                metadataPages,
                metadataPageSize,
                maxMetadataOps,
                maxChannelOps,
                value,
                type,
                forceRecovery,
                externalSnapshots);
    }

    /** The same for another purpose. */
    public BlobstoreOptions withType(String value) {
        return new BlobstoreOptions(
                clusterSize,
                metadataPages,
                metadataPageSize,
                maxMetadataOps,
                maxChannelOps,
                clearMethod,
                value,
                forceRecovery,
                externalSnapshots);
    }

    /** The same, reading the metadata as after a crash. */
    public BlobstoreOptions withForceRecovery() {
        return new BlobstoreOptions(
                clusterSize,
                metadataPages,
                metadataPageSize,
                maxMetadataOps,
                maxChannelOps,
                clearMethod,
                type,
                true,
                externalSnapshots);
    }

    /** The same with clones of block devices. */
    public BlobstoreOptions withExternalSnapshots() {
        return new BlobstoreOptions(
                clusterSize,
                metadataPages,
                metadataPageSize,
                maxMetadataOps,
                maxChannelOps,
                clearMethod,
                type,
                forceRecovery,
                true);
    }
}
