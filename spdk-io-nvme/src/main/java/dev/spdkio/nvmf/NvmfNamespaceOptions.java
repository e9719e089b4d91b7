// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import java.util.HexFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a bdev becomes a namespace. Stands for {@code struct spdk_nvmf_ns_opts}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param nsid its number, from 1; 0 takes the lowest free one
 * @param uuid its identity; that of the bdev if null
 * @param nguid its globally unique identifier, 32 hexadecimal digits; the bdev's UUID if null
 * @param eui64 its IEEE extended unique identifier, 16 hexadecimal digits; none if null
 * @param anaGroup the group in which hosts are told about its paths, from 1; 0 is {@code nsid}
 */
public record NvmfNamespaceOptions(
        int nsid,
        @Nullable UUID uuid,
        @Nullable String nguid,
        @Nullable String eui64,
        int anaGroup) {
    /** The lowest free number, and the identity of the bdev. */
    public static final NvmfNamespaceOptions DEFAULT = new NvmfNamespaceOptions(0, null, null, null, 0);

    private static final int NGUID_DIGITS = 32;
    private static final int EUI64_DIGITS = 16;

    /** Checks the digits. */
    public NvmfNamespaceOptions {
        if (nsid < 0 || anaGroup < 0) {
            throw new IllegalArgumentException(
                    "namespace: nsid is " + nsid + " and anaGroup is " + anaGroup + " but both must be 0 or more");
        }
        checkDigits("nguid", nguid, NGUID_DIGITS);
        checkDigits("eui64", eui64, EUI64_DIGITS);
    }

    private static void checkDigits(String what, @Nullable String text, int digits) {
        if (text != null && (text.length() != digits || !text.chars().allMatch(HexFormat::isHexDigit))) {
            throw new IllegalArgumentException(
                    "namespace: " + what + " '" + text + "' must have " + digits + " hexadecimal digits");
        }
    }

    /** The same with another {@link #nsid}. */
    public NvmfNamespaceOptions withNsid(int value) {
        return new NvmfNamespaceOptions(value, uuid, nguid, eui64, anaGroup);
    }

    /** The same with another {@link #uuid}. */
    public NvmfNamespaceOptions withUuid(@Nullable UUID value) {
        return new NvmfNamespaceOptions(nsid, value, nguid, eui64, anaGroup);
    }

    /** The same with another {@link #nguid}. */
    public NvmfNamespaceOptions withNguid(@Nullable String value) {
        return new NvmfNamespaceOptions(nsid, uuid, value, eui64, anaGroup);
    }

    /** The same with another {@link #eui64}. */
    public NvmfNamespaceOptions withEui64(@Nullable String value) {
        return new NvmfNamespaceOptions(nsid, uuid, nguid, value, anaGroup);
    }

    /** The same with another {@link #anaGroup}. */
    public NvmfNamespaceOptions withAnaGroup(int value) {
        return new NvmfNamespaceOptions(nsid, uuid, nguid, eui64, value);
    }
}
