// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a device is on the PCI bus, such as {@code 0000:04:00.0}. Stands for {@code struct spdk_pci_addr}.
 *
 * @param domain 0 to 0xFFFFFFFF
 * @param bus 0 to 0xFF
 * @param device 0 to 0x1F
 * @param function 0 to 7
 */
public record PciAddress(long domain, int bus, int device, int function) implements Comparable<PciAddress> {
    private static final String H = "([0-9a-fA-F]{1,8})";

    /** In the order in which SPDK tries them: with domain and function, without the one, the other, both. */
    private static final Pattern FULL = Pattern.compile(H + "(?::" + H + ":|\\." + H + "\\.)" + H + "\\." + H);

    private static final Pattern NO_FUNCTION = Pattern.compile(H + ":" + H + ":" + H);
    private static final Pattern NO_DOMAIN = Pattern.compile(H + "[:.]" + H + "\\." + H);
    private static final Pattern SHORT = Pattern.compile(H + "[:.]" + H);

    /** Checks the ranges. */
    public PciAddress {
        if (domain != (domain & 0xFFFF_FFFFL)
                || bus != (bus & 0xFF)
                || device != (device & 0x1F)
                || function != (function & 7)) {
            throw new IllegalArgumentException(
                    "PCI address %x:%x:%x.%x is out of range".formatted(domain, bus, device, function));
        }
    }

    /**
     * Reads {@code domain:bus:device.function}, where the domain, then also the function, may be missing, and dots may
     * stand for colons; {@code spdk_pci_addr_parse}.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static PciAddress parse(String text) {
        Matcher m = FULL.matcher(text);
        if (m.matches()) {
            return of(m.group(1), m.group(2) == null ? m.group(3) : m.group(2), m.group(4), m.group(5));
        }
        m = NO_FUNCTION.matcher(text);
        if (m.matches()) {
            return of(m.group(1), m.group(2), m.group(3), "0");
        }
        m = NO_DOMAIN.matcher(text);
        if (m.matches()) {
            return of("0", m.group(1), m.group(2), m.group(3));
        }
        m = SHORT.matcher(text);
        if (m.matches()) {
            return of("0", m.group(1), m.group(2), "0");
        }
        throw new IllegalArgumentException("'" + text + "' is no PCI address, such as 0000:04:00.0");
    }

    private static PciAddress of(String domain, String bus, String device, String function) {
        return new PciAddress(Long.parseLong(domain, 16), number(bus), number(device), number(function));
    }

    private static int number(String hex) {
        return Integer.parseUnsignedInt(hex, 16);
    }

    @Override
    public int compareTo(PciAddress o) {
        int c = Long.compare(domain, o.domain);
        return c != 0 ? c : Integer.compare(bus << 8 | device << 3 | function, o.bus << 8 | o.device << 3 | o.function);
    }

    /** The form that SPDK prints: {@code dddd:bb:dd.f}. */
    @Override
    public String toString() {
        return "%04x:%02x:%02x.%x".formatted(domain, bus, device, function);
    }
}
