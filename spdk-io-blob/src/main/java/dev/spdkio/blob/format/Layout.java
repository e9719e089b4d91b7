// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import dev.spdkio.blob.format.SuperBlock.Region;

/** Where a new store has what. */
public final class Layout {
    private Layout() {}

    /**
     * The super block of a new store, which may turn out not to fit: see {@link SuperBlock#metadataClusters}.
     *
     * @param deviceBytes the size of the device
     * @param metadataPages pages of metadata
     */
    public static SuperBlock of(
            long deviceBytes, int ioUnitSize, long clusterSize, int metadataPages, int pageSize, String type) {
        long clusters = deviceBytes / clusterSize;
        int pageMask = Mask.pages(metadataPages, pageSize);
        int clusterMask = Mask.pages(clusters, pageSize);
        // The device may grow: the mask of clusters has room for as many as there are metadata pages.
        int clusterRoom = Math.max(clusterMask, pageMask);
        int blobMaskAt = 1 + pageMask + clusterRoom;
        return new SuperBlock(
                SuperBlock.VERSION,
                false,
                SuperBlock.NO_BLOB,
                clusterSize,
                new Region(1, pageMask),
                new Region(1 + pageMask, clusterMask),
                new Region(blobMaskAt + pageMask, metadataPages),
                new SuperBlock.Type(type),
                new Region(blobMaskAt, pageMask),
                deviceBytes,
                ioUnitSize,
                pageSize);
    }
}
