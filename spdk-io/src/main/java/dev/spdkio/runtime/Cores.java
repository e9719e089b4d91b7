// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.sys.Affinity;
import java.util.BitSet;

/** The CPU cores that this process may use, as they were before any reactor was pinned. */
public final class Cores {
    private static final CpuSet AVAILABLE = CpuSet.allOf(probe());

    private Cores() {}

    /** The cores this process may use. Any thread. */
    public static CpuSet available() {
        return AVAILABLE;
    }

    /** How many cores this process may use. */
    public static int count() {
        return AVAILABLE.count();
    }

    /** The core of the calling reactor, or -1 elsewhere. */
    public static int current() {
        Execution e = Execution.current();
        return e == null ? -1 : e.reactor.core();
    }

    private static BitSet probe() {
        if (Affinity.isAvailable()) {
            return Affinity.processMask();
        }
        BitSet all = new BitSet();
        all.set(0, Runtime.getRuntime().availableProcessors());
        return all;
    }
}
