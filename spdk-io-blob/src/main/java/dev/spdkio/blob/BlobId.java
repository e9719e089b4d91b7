// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

/**
 * What a blob is known by in its store, for as long as the blob exists. Stands for {@code spdk_blob_id}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param value the number, as SPDK has it: 2<sup>32</sup> and the place of the blob's metadata
 */
public record BlobId(long value) implements Comparable<BlobId> {
    /** Refuses the numbers that stand for no blob and for an external snapshot. */
    public BlobId {
        if (value == -1 || value == -2) {
            throw new IllegalArgumentException("blob id " + value + " is none: it says that there is no blob");
        }
    }

    /** Whether a blob could have it. */
    public boolean isPlausible() {
        return value >>> Integer.SIZE == 1;
    }

    @Override
    public int compareTo(BlobId other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return "0x" + Long.toHexString(value);
    }
}
