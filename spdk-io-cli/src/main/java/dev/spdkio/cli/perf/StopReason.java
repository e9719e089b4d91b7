// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import java.util.Locale;

/** Why a run ended. */
enum StopReason {
    /** Its time was over. */
    TIME,
    /** SIGINT or SIGTERM came. */
    SIGNAL,
    /** An I/O failed. */
    FAILURE,
    /** A read did not return what was written. */
    MISCOMPARE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
