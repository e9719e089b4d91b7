// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a {@link CryptoBdev} is made: the parameters of {@code bdev_crypto_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param baseBdevName the name of the device it stands on
 * @param key what it encrypts by
 */
public record CryptoBdevOptions(String name, String baseBdevName, CryptoKey key) {
    /** Checks that all is there. */
    public CryptoBdevOptions {
        Objects.requireNonNull(baseBdevName, "baseBdevName");
        Objects.requireNonNull(key, "key");
        if (name.equals(baseBdevName)) {
            throw new IllegalArgumentException("crypto bdev " + name + " cannot stand on itself: choose another name");
        }
    }

    /** The call of {@code bdev_crypto_create} with these parameters. */
    ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev_name", baseBdevName);
        params.put("name", name);
        params.put("key_name", key.name());
        return new ConfigCall("bdev_crypto_create", params);
    }
}
