// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

/**
 * What a claim keeps others from. Stands for {@code enum spdk_bdev_claim_type}.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum ClaimType {
    /** Nobody else opens it for writing from now on; whoever has, may go on. The claim of most devices on others. */
    EXCLUSIVE_WRITE("exclusive_write"),
    /** One writer, which is the claimant; others may read. */
    READ_MANY_WRITE_ONE("read_many_write_one"),
    /** No writer at all; there may be several such claims. */
    READ_MANY_WRITE_NONE("read_many_write_none"),
    /** The writers are those whose claims have the same key. */
    READ_MANY_WRITE_SHARED("read_many_write_shared");

    private final String jsonName;

    ClaimType(String jsonName) {
        this.jsonName = jsonName;
    }

    /** The name in JSON, as SPDK writes it. */
    public String jsonName() {
        return jsonName;
    }

    /** Whether there may be several of them on one device. */
    boolean isShared() {
        return this == READ_MANY_WRITE_NONE || this == READ_MANY_WRITE_SHARED;
    }

    /** Whether the claimant writes. */
    boolean writes() {
        return this != READ_MANY_WRITE_NONE;
    }
}
