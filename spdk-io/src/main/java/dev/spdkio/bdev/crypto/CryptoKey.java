// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A key for AES-XTS: one half for the data, one for the tweaks. Stands for {@code struct spdk_accel_crypto_key}.
 *
 * <p>It is not told by {@link #toString} nor by any message. {@link #destroy} overwrites it; what the JDK's ciphers
 * have made of it goes with their channels, when the collector takes them.
 *
 * <p>Thread rule: any thread.
 */
public final class CryptoKey {
    /** The only cipher, by SPDK's name. */
    public static final String CIPHER = "AES_XTS";

    /** How the number of a block becomes a tweak, by SPDK's name: zeroes, then the number. */
    public static final String TWEAK_MODE = "SIMPLE_LBA";

    private final String name;
    private byte @Nullable [] key;
    private byte @Nullable [] key2;
    private int users;

    /**
     * Takes copies of both halves.
     *
     * @param name what it is found by in a {@link CryptoKeyRing}
     * @param key for the data; 16 bytes for AES-128, 32 for AES-256
     * @param key2 for the tweaks; as long, and another
     */
    public CryptoKey(String name, byte[] key, byte[] key2) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a crypto key needs a name that is not blank");
        }
        if ((key.length != 16 && key.length != 32) || key2.length != key.length) {
            throw new IllegalArgumentException("crypto key " + name + ": its halves have " + key.length + " and "
                    + key2.length + " bytes; " + CIPHER + " takes two of 16 or two of 32");
        }
        if (MessageDigest.isEqual(key, key2)) {
            throw new IllegalArgumentException(
                    "crypto key " + name + ": both halves are the same, which " + CIPHER + " is not safe with");
        }
        this.name = name;
        this.key = key.clone();
        this.key2 = key2.clone();
    }

    /** What it is found by. */
    public String name() {
        return name;
    }

    /** A copy of the half for the data, which the caller should overwrite. */
    synchronized byte[] key() {
        return copy(key);
    }

    /** A copy of the half for the tweaks, which the caller should overwrite. */
    synchronized byte[] key2() {
        return copy(key2);
    }

    private byte[] copy(byte @Nullable [] half) {
        if (half == null) {
            throw new IllegalStateException(this + " was destroyed: create it again");
        }
        return half.clone();
    }

    /** A device begins to use it. */
    synchronized void use() {
        copy(key);
        users++;
    }

    /** A device has come to its end. */
    synchronized void unuse() {
        users--;
    }

    /** Whether a device uses it. */
    public synchronized boolean isUsed() {
        return users > 0;
    }

    /**
     * Overwrites it. Idempotent.
     *
     * @throws IllegalStateException if a device uses it
     */
    public synchronized void destroy() {
        if (users > 0) {
            throw new IllegalStateException(this + " is used by " + users + " devices: remove them first");
        }
        if (key != null && key2 != null) {
            Arrays.fill(key, (byte) 0);
            Arrays.fill(key2, (byte) 0);
        }
        key = null;
        key2 = null;
    }

    @Override
    public String toString() {
        return "crypto key " + name + " (" + CIPHER + ")";
    }
}
