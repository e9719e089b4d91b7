// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.Objects;

/**
 * Who claims a device, and for what. Stands for the arguments of {@code spdk_bdev_module_claim_bdev_desc}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param claimant who: the name of a module, which errors tell to those who find the device claimed
 * @param type what others may not do
 * @param key of {@link ClaimType#READ_MANY_WRITE_SHARED}, what the claimants have in common, not 0; else 0
 */
public record Claim(String claimant, ClaimType type, long key) {
    /** Checks that there is a key where there must be one. */
    public Claim {
        Objects.requireNonNull(type, "type");
        if (claimant.isBlank()) {
            throw new IllegalArgumentException("a claim needs the name of its claimant");
        }
        if ((type == ClaimType.READ_MANY_WRITE_SHARED) != (key != 0)) {
            throw new IllegalArgumentException("claim of " + claimant + ": key " + key + " with " + type.jsonName()
                    + "; READ_MANY_WRITE_SHARED needs a key other than 0, the others have none");
        }
    }

    /** A claim without a key. */
    public static Claim of(String claimant, ClaimType type) {
        return new Claim(claimant, type, 0);
    }

    /** The claim of most devices that stand on others; {@code spdk_bdev_module_claim_bdev}. */
    public static Claim exclusiveWrite(String claimant) {
        return of(claimant, ClaimType.EXCLUSIVE_WRITE);
    }

    @Override
    public String toString() {
        return claimant + " (" + type.jsonName() + ")";
    }
}
