// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.util.Optional;

/** What kind of address a fabric has. Stands for {@code enum spdk_nvmf_adrfam}, and has its codes. */
public enum AddressFamily {
    /** Internet protocol 4. */
    IPV4("IPv4", 1),
    /** Internet protocol 6. */
    IPV6("IPv6", 2),
    /** InfiniBand. */
    IB("IB", 3),
    /** Fibre Channel. */
    FC("FC", 4);

    private final String text;
    private final int code;

    AddressFamily(String text, int code) {
        this.text = text;
        this.code = code;
    }

    /** The name as SPDK writes it after {@code adrfam:}. */
    public String text() {
        return text;
    }

    /** The number in a discovery log. */
    public int code() {
        return code;
    }

    /** The family of that name, in any case. */
    public static Optional<AddressFamily> of(String name) {
        for (AddressFamily f : values()) {
            if (f.text.equalsIgnoreCase(name)) {
                return Optional.of(f);
            }
        }
        return Optional.empty();
    }

    /** The family of that number. */
    public static Optional<AddressFamily> ofCode(int code) {
        return code >= 1 && code <= values().length ? Optional.of(values()[code - 1]) : Optional.empty();
    }
}
