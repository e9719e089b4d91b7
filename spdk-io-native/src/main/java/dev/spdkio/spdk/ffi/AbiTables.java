// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import dev.spdkio.spdk.SpdkUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The releases whose ABI is known, and which of them a set of libraries is. */
final class AbiTables {
    /** In the order in which they are tried. */
    static final List<String> RELEASES = List.of("v26.05", "v25.05", "v24.05");

    private static final String REMEDY = "install one of the known releases, or add a table for yours:"
            + " tools/abi-probe/probe SPDK_SOURCE_TREE prints it (docs/spdk.md)";

    private AbiTables() {}

    /** The table of a known release. */
    static AbiTable of(String release) {
        String file = "/dev/spdkio/spdk/abi/" + release + ".abi";
        try (InputStream in = AbiTables.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("there is no resource " + file);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return AbiTable.parse(release, text.lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    /**
     * The release whose libraries these are. Every library that both know must agree.
     *
     * @param sonames by library, such as {@code spdk_bdev}
     * @throws SpdkUnavailableException if no release has them, naming what differs from each
     */
    static AbiTable ofSonames(Map<String, String> sonames) {
        List<String> problems = new ArrayList<>();
        for (String release : RELEASES) {
            AbiTable table = of(release);
            List<String> different = new ArrayList<>();
            new TreeMap<>(table.sonames()).forEach((library, known) -> {
                String found = sonames.get(library);
                if (found != null && !compatible(found, known)) {
                    different.add(found + " is not " + known);
                }
            });
            if (different.isEmpty() && table.sonames().keySet().stream().anyMatch(sonames::containsKey)) {
                return table;
            }
            problems.add("not " + release + ": "
                    + (different.isEmpty() ? "none of its libraries is there" : String.join(", ", different)));
        }
        throw new SpdkUnavailableException(
                "the ABI of this SPDK is unknown; known are " + String.join(", ", RELEASES), REMEDY, problems);
    }

    /**
     * The table of a library that holds all of SPDK, from the version it carries.
     *
     * @param version such as {@code v26.05}
     * @throws SpdkUnavailableException if that release is not known
     */
    static AbiTable ofVersion(String version) {
        if (!RELEASES.contains(version)) {
            throw new SpdkUnavailableException(
                    "the ABI of SPDK " + version + " is unknown; known are " + String.join(", ", RELEASES),
                    REMEDY,
                    List.of());
        }
        return of(version);
    }

    /** SPDK raises the last number of a soname only for what is added, as its maintenance releases may. */
    private static boolean compatible(String found, String known) {
        int dot = known.lastIndexOf('.') + 1;
        if (!found.startsWith(known.substring(0, dot))) {
            return false;
        }
        try {
            return Integer.parseInt(found.substring(dot)) >= Integer.parseInt(known.substring(dot));
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
