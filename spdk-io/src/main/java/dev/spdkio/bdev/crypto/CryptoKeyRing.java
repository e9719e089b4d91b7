// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The crypto keys of one application, by name. Stands for the key ring of {@code lib/accel}.
 *
 * <p>Thread rule: any thread.
 */
public final class CryptoKeyRing {
    /** Most keys. */
    public static final int MAX_KEYS = 4096;

    private final Map<String, CryptoKey> keys = new LinkedHashMap<>();

    /** An empty ring. */
    public CryptoKeyRing() {}

    /**
     * Adds a key. {@code spdk_accel_crypto_key_create}.
     *
     * @throws SpdkException EEXIST if the name is taken, ENOSPC if there are {@link #MAX_KEYS}
     */
    public synchronized void add(CryptoKey key) throws SpdkException {
        if (keys.size() >= MAX_KEYS) {
            throw new SpdkException(Errno.ENOSPC, "there are " + MAX_KEYS + " crypto keys already: destroy some");
        }
        if (keys.putIfAbsent(key.name(), key) != null) {
            throw new SpdkException(Errno.EEXIST, "there is a crypto key " + key.name() + " already");
        }
    }

    /** The key of that name, or null. {@code spdk_accel_crypto_key_get}. */
    public synchronized @Nullable CryptoKey find(String name) {
        return keys.get(name);
    }

    /**
     * The key of that name.
     *
     * @throws SpdkException ENOENT if there is none
     */
    public CryptoKey get(String name) throws SpdkException {
        CryptoKey key = find(name);
        if (key == null) {
            throw new SpdkException(Errno.ENOENT, "there is no crypto key " + name);
        }
        return key;
    }

    /** All keys, the oldest first. */
    public synchronized List<CryptoKey> keys() {
        return List.copyOf(keys.values());
    }

    /**
     * Takes a key away and overwrites it. {@code spdk_accel_crypto_key_destroy}, but refused while it is used.
     *
     * @throws SpdkException ENOENT if there is none of that name, EBUSY if a device uses it
     */
    public synchronized void destroy(String name) throws SpdkException {
        CryptoKey key = get(name);
        try {
            key.destroy();
        } catch (IllegalStateException used) {
            throw new SpdkException(Errno.EBUSY, String.valueOf(used.getMessage()), used);
        }
        keys.remove(name);
    }
}
