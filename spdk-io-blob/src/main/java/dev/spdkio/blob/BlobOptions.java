// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a new blob is to be. Stands for {@code struct spdk_blob_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere; the values of attributes must not be changed while it is used.
 *
 * @param clusters its size, in clusters
 * @param thin whether clusters are taken only when they are written
 * @param clearMethod what is done with its clusters when they are given back
 * @param extentTable whether its map has pages of its own, without which large blobs are slow to write thinly
 * @param xattrs attributes it has from the start
 * @param externalSnapshot the block device whose content it shows where it was not written, by name; such a blob is
 *     thin. The store must be loaded with {@link BlobstoreOptions#externalSnapshots}
 */
public record BlobOptions(
        long clusters,
        boolean thin,
        ClearMethod clearMethod,
        boolean extentTable,
        Map<String, byte[]> xattrs,
        @Nullable String externalSnapshot) {
    /** The most clusters of a blob. */
    public static final long MAX_CLUSTERS = 0xFFFF_FFFFL;

    /** No clusters yet, not thin, no attributes. */
    public static final BlobOptions DEFAULT = new BlobOptions(0, false, ClearMethod.DEFAULT, true, Map.of(), null);

    /** Checks the ranges. */
    public BlobOptions {
        if (clusters < 0 || clusters > MAX_CLUSTERS) {
            throw new IllegalArgumentException("a blob of " + clusters + " clusters: 0 to " + MAX_CLUSTERS);
        }
        Objects.requireNonNull(clearMethod, "clearMethod");
        xattrs.forEach(Xattrs::check);
        xattrs = new LinkedHashMap<>(xattrs);
        if (externalSnapshot != null && externalSnapshot.isEmpty()) {
            throw new IllegalArgumentException("an external snapshot needs the name of a block device");
        }
    }

    /** A blob of that many clusters. */
    public static BlobOptions ofClusters(long clusters) {
        return DEFAULT.withClusters(clusters);
    }

    /** A thin blob of that many clusters. */
    public static BlobOptions thin(long clusters) {
        return new BlobOptions(clusters, true, ClearMethod.DEFAULT, true, Map.of(), null);
    }

    /** The same with another size. */
    public BlobOptions withClusters(long value) {
        return new BlobOptions(value, thin, clearMethod, extentTable, xattrs, externalSnapshot);
    }

    /** The same with another way of giving clusters back. */
    public BlobOptions withClearMethod(ClearMethod value) {
        return new BlobOptions(clusters, thin, value, extentTable, xattrs, externalSnapshot);
    }

    /** The same with another form of its map. */
    public BlobOptions withExtentTable(boolean value) {
        return new BlobOptions(clusters, thin, clearMethod, value, xattrs, externalSnapshot);
    }

    /** The same with one attribute more. */
    public BlobOptions withXattr(String name, byte[] value) {
        Map<String, byte[]> more = new LinkedHashMap<>(xattrs);
        more.put(name, value.clone());
        return new BlobOptions(clusters, thin, clearMethod, extentTable, more, externalSnapshot);
    }

    /** The same as a clone of a block device. */
    public BlobOptions withExternalSnapshot(String bdev) {
        return new BlobOptions(clusters, true, clearMethod, extentTable, xattrs, bdev);
    }
}
