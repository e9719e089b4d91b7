// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The claims on one device, by descriptor. All of one type.
 *
 * <p>Thread rule: any thread, under the lock of the device.
 */
final class BdevClaims {
    private final Bdev bdev;
    private final Map<BdevDesc, Claim> claims = new LinkedHashMap<>();

    BdevClaims(Bdev bdev) {
        this.bdev = bdev;
    }

    List<Claim> all() {
        return List.copyOf(claims.values());
    }

    /** An open for writing is refused while there is a claim, whoever has it: writers come before theirs. */
    void checkOpen(OpenMode mode) throws SpdkException {
        if (mode == OpenMode.READ_WRITE && !claims.isEmpty()) {
            throw refusal("be opened for writing: open it READ_ONLY, or use what stands on it");
        }
    }

    /** Adds a claim. {@code open} are all descriptors of the device. */
    void add(BdevDesc desc, Claim claim, Collection<BdevDesc> open) throws SpdkException {
        if (claims.containsKey(desc)) {
            throw new IllegalStateException(desc + " has a claim already, of " + claims.get(desc));
        }
        if (!claim.type().writes() && desc.mode() == OpenMode.READ_WRITE) {
            throw new IllegalArgumentException(
                    "claim of " + claim + " by the writable " + desc + ": open the device READ_ONLY");
        }
        if (!claims.isEmpty()) {
            Claim first = claims.values().iterator().next();
            if (first.type() != claim.type() || !first.type().isShared() || first.key() != claim.key()) {
                throw refusal("be claimed for " + claim);
            }
        } else if (claim.type() != ClaimType.EXCLUSIVE_WRITE) {
            for (BdevDesc other : open) {
                if (other != desc && other.mode() == OpenMode.READ_WRITE) {
                    throw new SpdkException(
                            Errno.EPERM,
                            "bdev " + bdev.name() + " cannot be claimed for " + claim + ": it has a writer already, "
                                    + other + "; close that first");
                }
            }
        }
        claims.put(desc, claim);
    }

    private SpdkException refusal(String what) {
        return new SpdkException(
                Errno.EPERM, "bdev " + bdev.name() + " is claimed by " + claims.values() + " and cannot " + what);
    }

    /** False if it had none. */
    boolean remove(BdevDesc desc) {
        return claims.remove(desc) != null;
    }
}
