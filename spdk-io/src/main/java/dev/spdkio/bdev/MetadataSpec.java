// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * The metadata that a device has for each block, and how it protects the data: the metadata fields of {@code struct
 * spdk_bdev}. Interleaved metadata is part of the block and of every buffer; other metadata lies apart, and no request
 * of the hub carries it.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param bytes of metadata for each block; {@code spdk_bdev_get_md_size}
 * @param interleaved whether it follows the data in the block; {@code spdk_bdev_is_md_interleaved}
 * @param difType 1, 2 or 3 if it protects the data (T10 DIF), else 0; {@code spdk_bdev_get_dif_type}
 * @param difAtHead whether the protection comes first in it; {@code spdk_bdev_is_dif_head_of_md}
 * @param checksReferenceTag whether the device checks where a block belongs
 * @param checksApplicationTag whether the device checks whose a block is
 * @param checksGuard whether the device checks the data
 * @param difFormat 0 for a guard of 16 bits, 1 of 32, 2 of 64; {@code spdk_bdev_get_dif_pi_format}
 */
public record MetadataSpec(
        int bytes,
        boolean interleaved,
        int difType,
        boolean difAtHead,
        boolean checksReferenceTag,
        boolean checksApplicationTag,
        boolean checksGuard,
        int difFormat) {
    private static final int MOST_DIF_TYPE = 3;

    /** Checks the numbers. */
    public MetadataSpec {
        if (bytes < 1 || difType < 0 || difType > MOST_DIF_TYPE || difFormat < 0) {
            throw new IllegalArgumentException("metadata of " + bytes + " bytes, DIF type " + difType + ", format "
                    + difFormat + ": give at least 1 byte, type 0 to " + MOST_DIF_TYPE + ", format 0 or more");
        }
    }

    /** Metadata at the end of each block that means nothing to the device. */
    public static MetadataSpec interleaved(int bytes) {
        return new MetadataSpec(bytes, true, 0, false, false, false, false, 0);
    }

    /** Whether it protects the data. */
    public boolean hasDif() {
        return difType != 0;
    }
}
