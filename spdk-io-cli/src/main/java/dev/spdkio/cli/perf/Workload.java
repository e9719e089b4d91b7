// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.perf;

import dev.spdkio.cli.Choice;
import java.util.Locale;

/** What the I/Os of a run do, by the names of {@code bdevperf -w}. */
enum Workload {
    READ(false),
    WRITE(false),
    RANDREAD(true),
    RANDWRITE(true),
    RW(false),
    RANDRW(true),
    VERIFY(false),
    WRITE_ZEROES(false),
    UNMAP(false),
    FLUSH(false),
    RESET(false);

    private final boolean random;

    Workload(boolean random) {
        this.random = random;
    }

    /** Whether the offsets are random; else they ascend and begin anew at the end. */
    boolean isRandom() {
        return random;
    }

    /** Whether it mixes reads and writes in a ratio. */
    boolean isMixed() {
        return this == RW || this == RANDRW;
    }

    /** Whether it writes, reads back and compares. */
    boolean verifies() {
        return this == VERIFY || this == RESET;
    }

    /** Whether it leaves the data of the device as it was. */
    boolean isReadOnly() {
        return this == READ || this == RANDREAD;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads the names. */
    static final class Converter extends Choice<Workload> {
        Converter() {
            super(Workload.class);
        }
    }
}
