// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import dev.spdkio.nvme.TransportId;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The names of NVMe subsystems and hosts, as the NVMe specification forms them: {@code
 * nqn.2025-01.com.example:storage}, or {@code nqn.2014-08.org.nvmexpress:uuid:} and a UUID.
 */
public final class Nqn {
    private static final String UUID_PREFIX = "nqn.2014-08.org.nvmexpress:uuid:";
    private static final String LABEL = "[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private static final Pattern NAME =
            Pattern.compile("(?s)nqn\\.\\d{4}-\\d{2}\\." + LABEL + "(?:\\." + LABEL + ")*:[^\\x00]+");

    private Nqn() {}

    /** A name nobody else has. */
    public static String ofUuid(UUID uuid) {
        return UUID_PREFIX + uuid;
    }

    /**
     * The same name, if it is one.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static String require(String nqn) {
        int bytes = nqn.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > TransportId.MAX_NQN) {
            throw new IllegalArgumentException(
                    "NQN '" + nqn + "' has " + bytes + " bytes: at most " + TransportId.MAX_NQN + " are allowed");
        }
        boolean valid = nqn.equals(TransportId.DISCOVERY_NQN)
                || (nqn.startsWith(UUID_PREFIX)
                        ? isUuid(nqn.substring(UUID_PREFIX.length()))
                        : NAME.matcher(nqn).matches());
        if (!valid) {
            throw new IllegalArgumentException("'" + nqn + "' is no NQN: it is formed as nqn.2025-01.com.example:name,"
                    + " with the month in which the domain was owned, or " + UUID_PREFIX + " and a UUID");
        }
        return nqn;
    }

    private static boolean isUuid(String text) {
        try {
            return UUID.fromString(text).toString().equalsIgnoreCase(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
