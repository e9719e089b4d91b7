// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

/**
 * What a finding is about.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum Subject {
    /** The block device. */
    DEVICE,
    /** The super block. */
    SUPER_BLOCK,
    /** One of the three masks, which say what is used. */
    MASK,
    /** Metadata pages. */
    PAGE,
    /** Clusters. */
    CLUSTER,
    /** A blob. */
    BLOB,
    /** A snapshot, or what stands on one. */
    SNAPSHOT
}
