// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

import dev.spdkio.blob.BlobId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an examination of a store found.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param bdev the name of the block device
 * @param verdict that of the worst finding, those left out counted; {@link Severity#NOTE} if the store is sound
 * @param store what there is; null if there is no super block to go by
 * @param findings at most {@link #MAX_FINDINGS}
 * @param leftOut how many more there are
 * @param dropped the blobs that the plan gives up
 * @param plan what a repair with the same options would do, in this order; empty if there is nothing to do, or nothing
 *     that may be done
 */
public record CheckReport(
        String bdev,
        Severity verdict,
        @Nullable Contents store,
        List<Finding> findings,
        long leftOut,
        List<BlobId> dropped,
        List<String> plan) {
    /** The most findings of a report. */
    public static final int MAX_FINDINGS = 1000;

    /**
     * What there is in a store, as a load would find it.
     *
     * @param version that of the super block
     * @param clean whether it was unloaded
     * @param type what it is for
     * @param clusterSize bytes of a cluster
     * @param metadataPageSize bytes of a metadata page
     * @param metadataPages metadata pages
     * @param usedPages those that blobs have
     * @param clusters all clusters, those of the metadata too
     * @param usedClusters those that blobs or the metadata have
     * @param blobs blobs that can be read
     * @param damagedBlobs blobs that cannot
     */
    public record Contents(
            int version,
            boolean clean,
            String type,
            long clusterSize,
            int metadataPageSize,
            int metadataPages,
            int usedPages,
            int clusters,
            int usedClusters,
            int blobs,
            int damagedBlobs) {}

    /** Copies the lists. */
    public CheckReport {
        findings = List.copyOf(findings);
        dropped = List.copyOf(dropped);
        plan = List.copyOf(plan);
    }

    /** Whether nothing is wrong. */
    public boolean isSound() {
        return verdict == Severity.NOTE;
    }
}
