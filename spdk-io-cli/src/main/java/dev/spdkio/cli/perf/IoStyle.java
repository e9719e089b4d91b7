// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.cli.Choice;
import java.util.Locale;

/** Which of the three ways to do I/O a run uses. */
public enum IoStyle {
    /** Completion callbacks: nothing is allocated. */
    CALLBACK,
    /** A chain of futures for each I/O in flight. */
    FUTURE,
    /** A task of straight-line code for each I/O in flight. */
    TASK;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads the names. */
    static final class Converter extends Choice<IoStyle> {
        Converter() {
            super(IoStyle.class);
        }
    }
}
