// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import dev.spdkio.spdk.Spdk;
import dev.spdkio.spdk.SpdkUnavailableException;
import org.jspecify.annotations.Nullable;

/** Asks the SPDK engine for its libraries, which loads them. */
final class LibspdkCheck {
    private LibspdkCheck() {}

    static Check check() {
        Throwable cause = Spdk.unavailabilityCause().orElse(null);
        String found =
                cause == null ? Spdk.version() + " in " + Spdk.libraryDirectory() + ", from " + Spdk.origin() : "";
        return verdict(cause, found);
    }

    /** The line for a cause, or for what was found where there is none. */
    static Check verdict(@Nullable Throwable cause, String found) {
        if (cause == null) {
            return Check.ok("libspdk", found);
        }
        String needed = "only for the SPDK engine: ";
        if (cause instanceof SpdkUnavailableException known) {
            String problems = known.problems().isEmpty() ? "" : ": " + String.join("; ", known.problems());
            return Check.missing("libspdk", known.summary() + problems, needed + known.remedy());
        }
        return Check.missing("libspdk", String.valueOf(cause), needed + "build SPDK again on this machine");
    }
}
