// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the pages of a blob say of it: flags, attributes, and where its clusters are. A value without behaviour, filled
 * by {@link BlobReader}, and written by {@link BlobWriter}.
 *
 * <p>Names of attributes are their bytes, each as one character, so that whatever they were they stay.
 */
public final class BlobRecord {
    /** Clusters are taken when they are written. */
    public static final long THIN = 1;

    /** It has attributes of the store's own. */
    public static final long INTERNAL_XATTRS = 1 << 1;

    /** Its map has pages of its own. */
    public static final long EXTENT_TABLE = 1 << 2;

    /** It stands on something outside of the store. */
    public static final long EXTERNAL_SNAPSHOT = 1 << 3;

    /** Neither data nor metadata can be changed. */
    public static final long READ_ONLY = 1;

    static final long KNOWN_INVALID = THIN | INTERNAL_XATTRS | EXTENT_TABLE | EXTERNAL_SNAPSHOT;
    static final long KNOWN_MD_RO = 3;

    /** The most clusters of a blob: its map is kept in memory. */
    public static final int MAX_CLUSTERS = 1 << 24;

    /** Clusters of a page of the map. */
    public static final int EXTENTS_PER_PAGE = 512;

    /** Flags of which an unknown one forbids to open the blob. */
    public long invalidFlags;

    /** Flags of which an unknown one makes the blob read-only. */
    public long dataReadOnlyFlags;

    /** Flags of which an unknown one makes the metadata read-only; and the clear method. */
    public long metadataReadOnlyFlags;

    /** The application's attributes, in order. */
    public final Map<String, byte[]> xattrs = new LinkedHashMap<>();

    /** The store's own. */
    public final Map<String, byte[]> internalXattrs = new LinkedHashMap<>();

    /** Clusters of the blob. */
    public int clusters;

    /** The cluster of the store that each has, 0 for none. With extent pages these have it. */
    public int[] map = new int[0];

    /** The metadata page of each page of the map, 0 for none; null without. */
    public int @Nullable [] extentPages;

    /** Whether clusters are taken when they are written. */
    public boolean isThin() {
        return (invalidFlags & THIN) != 0;
    }

    /** Whether something unknown forbids changes of data. */
    public boolean hasUnknownDataFlags() {
        return (dataReadOnlyFlags & ~READ_ONLY) != 0;
    }

    /** Whether something unknown forbids changes of metadata. */
    public boolean hasUnknownMetadataFlags() {
        return (metadataReadOnlyFlags & ~KNOWN_MD_RO) != 0;
    }

    /** Pages of a map of so many clusters. */
    public static int extentPages(int clusters) {
        return (clusters + EXTENTS_PER_PAGE - 1) / EXTENTS_PER_PAGE;
    }
}
