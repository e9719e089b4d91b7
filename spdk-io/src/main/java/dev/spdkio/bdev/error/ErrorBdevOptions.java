// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link ErrorBdev} is made: the parameters of {@code bdev_error_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param baseBdevName the name of the device it stands on; its own is this with {@code EE_} before it
 * @param uuid its identity; if null, one that comes from that of the device it stands on
 */
public record ErrorBdevOptions(
        String baseBdevName, @Nullable UUID uuid) {
    /** Checks that there is a name. */
    public ErrorBdevOptions {
        Objects.requireNonNull(baseBdevName, "baseBdevName");
    }

    /** The call of {@code bdev_error_create} with these parameters. */
    ConfigCall configCall() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("base_name", baseBdevName);
        UUID given = uuid;
        if (given != null) {
            params.put("uuid", given.toString());
        }
        return new ConfigCall("bdev_error_create", params);
    }

    /** A device whose identity comes from that of its base. */
    public ErrorBdevOptions(String baseBdevName) {
        this(baseBdevName, null);
    }

    /** Its name. */
    public String name() {
        return "EE_" + baseBdevName;
    }
}
