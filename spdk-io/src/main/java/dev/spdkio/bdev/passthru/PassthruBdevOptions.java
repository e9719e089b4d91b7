// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link PassthruBdev} is made: the parameters of {@code bdev_passthru_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name
 * @param baseBdevName the name of the device it stands on
 * @param uuid its identity; if null, one that comes from that of the device it stands on
 */
public record PassthruBdevOptions(
        String name, String baseBdevName, @Nullable UUID uuid) {
    /** Checks that there are names. */
    public PassthruBdevOptions {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(baseBdevName, "baseBdevName");
        if (name.equals(baseBdevName)) {
            throw new IllegalArgumentException(
                    "passthru bdev " + name + " cannot stand on itself: choose another name");
        }
    }

    /** The call of {@code bdev_passthru_create} with these parameters. */
    ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_bdev_name", baseBdevName);
        params.put("name", name);
        UUID given = uuid;
        if (given != null) {
            params.put("uuid", given.toString());
        }
        return new ConfigCall("bdev_passthru_create", params);
    }

    /** A device whose identity comes from that of its base. */
    public PassthruBdevOptions(String name, String baseBdevName) {
        this(name, baseBdevName, null);
    }
}
