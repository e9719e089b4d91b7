// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an NVMe controller or an NVMe-oF endpoint is. Stands for {@code struct spdk_nvme_transport_id}; its text is
 * SPDK's: {@code trtype:TCP adrfam:IPv4 traddr:127.0.0.1 trsvcid:4420 subnqn:nqn.2016-06.io.spdk:cnode1}.
 *
 * <p>Names of transports are kept as SPDK writes them, and PCI addresses in their full form, so that equal places are
 * equal objects where the text differs only in that.
 *
 * @param trstring the name of the transport, such as {@code TCP}
 * @param adrfam the kind of address; null over PCIe, or where it is left open
 * @param traddr the address: an IP address, a PCI address, a path; may be empty
 * @param trsvcid the port, for transports over IP; else empty
 * @param subnqn the subsystem's name, for fabrics; may be empty
 * @param priority the priority of the connection's socket ({@code SO_PRIORITY}); 0 leaves it to the system
 */
public record TransportId(
        String trstring, @Nullable AddressFamily adrfam, String traddr, String trsvcid, String subnqn, int priority) {

    /** The name of the subsystem that lists the others; {@code SPDK_NVMF_DISCOVERY_NQN}. */
    public static final String DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery";

    /** Bytes that the parts may have at most. */
    public static final int MAX_TRSTRING = 32;

    /** See {@link #MAX_TRSTRING}. */
    public static final int MAX_TRADDR = 256;

    /** See {@link #MAX_TRSTRING}. */
    public static final int MAX_TRSVCID = 32;

    /** See {@link #MAX_TRSTRING}. */
    public static final int MAX_NQN = 223;

    private static final int MAX_PRIORITY_DIGITS = 4;

    /** What SPDK's programs put into the same text for their own use. */
    private static final Set<String> OF_OTHERS = Set.of("hostaddr", "hostsvcid", "hostnqn", "ns", "alt_traddr");

    /** Checks the lengths, and writes names and PCI addresses in one way. */
    public TransportId {
        TransportType type = TransportType.of(checked("trtype", trstring, MAX_TRSTRING));
        if (trstring.isEmpty()) {
            throw new IllegalArgumentException("a transport ID needs a transport: trtype:PCIe, trtype:TCP, …");
        }
        trstring = type == TransportType.CUSTOM ? trstring.toUpperCase(Locale.ROOT) : type.text();
        checked("traddr", traddr, MAX_TRADDR);
        if (type == TransportType.PCIE && !traddr.isEmpty()) {
            traddr = PciAddress.parse(traddr).toString();
        }
        checked("trsvcid", trsvcid, MAX_TRSVCID);
        checked("subnqn", subnqn, MAX_NQN);
        if (priority < 0) {
            throw new IllegalArgumentException("priority " + priority + " of a transport ID is negative");
        }
    }

    private static String checked(String key, String value, int max) {
        Objects.requireNonNull(value, key);
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c <= ' ' || c >= 0x7F) {
                throw new IllegalArgumentException(
                        "%s '%s' of a transport ID: the character at %d is blank or not ASCII"
                                .formatted(key, value, i));
            }
        }
        if (value.length() > max) {
            throw new IllegalArgumentException("%s '%s' of a transport ID has %d characters: at most %d"
                    .formatted(key, value, value.length(), max));
        }
        return value;
    }

    /**
     * Reads SPDK's text: words {@code key:value} or {@code key=value}, keys in any case;
     * {@code spdk_nvme_transport_id_parse}. The keys {@code hostaddr}, {@code hostsvcid}, {@code hostnqn}, {@code ns}
     * and {@code alt_traddr}, which SPDK's programs use beside it, are passed over.
     *
     * @throws IllegalArgumentException if a word is none of these, or a value is not valid
     */
    public static TransportId parse(String text) {
        Map<String, String> values = new HashMap<>();
        for (String word : text.strip().split("\\s+")) {
            int separator = separator(word);
            String key = word.substring(0, Math.max(separator, 0)).toLowerCase(Locale.ROOT);
            String value = word.substring(separator + 1);
            if (key.isEmpty() || value.isEmpty()) {
                throw new IllegalArgumentException(
                        "transport ID '" + text + "': '" + word + "' is not of the form key:value");
            }
            switch (key) {
                case "trtype", "adrfam", "traddr", "trsvcid", "subnqn", "priority" -> values.put(key, value);
                default -> {
                    if (!OF_OTHERS.contains(key)) {
                        throw new IllegalArgumentException("transport ID '" + text + "': unknown key '" + key
                                + "'; known are trtype, adrfam, traddr, trsvcid, subnqn, priority");
                    }
                }
            }
        }
        return new TransportId(
                values.getOrDefault("trtype", ""),
                family(values.get("adrfam")),
                values.getOrDefault("traddr", ""),
                values.getOrDefault("trsvcid", ""),
                values.getOrDefault("subnqn", ""),
                priority(values.getOrDefault("priority", "0")));
    }

    private static int separator(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (word.charAt(i) == ':' || word.charAt(i) == '=') {
                return i;
            }
        }
        return -1;
    }

    private static @Nullable AddressFamily family(@Nullable String name) {
        return name == null
                ? null
                : AddressFamily.of(name)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "adrfam '" + name + "' of a transport ID is none of IPv4, IPv6, IB, FC"));
    }

    private static int priority(String digits) {
        try {
            if (digits.length() <= MAX_PRIORITY_DIGITS) {
                return Integer.parseInt(digits);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("priority '" + digits + "' of a transport ID is no number of at most "
                + MAX_PRIORITY_DIGITS + " digits");
    }

    /** A controller in this machine. */
    public static TransportId pcie(PciAddress address) {
        return new TransportId(TransportType.PCIE.text(), null, address.toString(), "", "", 0);
    }

    /**
     * A subsystem over TCP.
     *
     * @param address an IPv4 or IPv6 address
     * @param port 0 to 65535; 0 only where a listener picks one
     * @param subnqn may be empty, or {@link #DISCOVERY_NQN}
     */
    public static TransportId tcp(String address, int port, String subnqn) {
        if (port < 0 || port > 0xFFFF) {
            throw new IllegalArgumentException("port " + port + " of a transport ID: 0 to 65535");
        }
        AddressFamily family = address.indexOf(':') < 0 ? AddressFamily.IPV4 : AddressFamily.IPV6;
        return new TransportId(TransportType.TCP.text(), family, address, Integer.toString(port), subnqn, 0);
    }

    /** The transport. */
    public TransportType trtype() {
        return TransportType.of(trstring);
    }

    /** Whether it is a fabric, with connections that can be lost and made again. */
    public boolean isFabrics() {
        return switch (trtype()) {
            case TCP, RDMA, FC -> true;
            case PCIE, VFIOUSER, CUSTOM -> false;
        };
    }

    /** The same endpoint with another subsystem. */
    public TransportId withSubnqn(String nqn) {
        return new TransportId(trstring, adrfam, traddr, trsvcid, nqn, priority);
    }

    /** The same endpoint with another priority of its connections. */
    public TransportId withPriority(int value) {
        return new TransportId(trstring, adrfam, traddr, trsvcid, subnqn, value);
    }

    /** SPDK's text, which {@link #parse} reads. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("trtype:").append(trstring);
        add(s, "adrfam", adrfam == null ? "" : adrfam.text());
        add(s, "traddr", traddr);
        add(s, "trsvcid", trsvcid);
        add(s, "subnqn", subnqn);
        add(s, "priority", priority == 0 ? "" : Integer.toString(priority));
        return s.toString();
    }

    private static void add(StringBuilder s, String key, String value) {
        if (!value.isEmpty()) {
            s.append(' ').append(key).append(':').append(value);
        }
    }
}
