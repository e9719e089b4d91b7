// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/** Picks cores of a set in turn. Safe from any thread. */
public final class CoreSelector {
    private final int[] cores;
    private final AtomicInteger next = new AtomicInteger();

    /** A selector over the cores of {@code set}, in ascending order. */
    public CoreSelector(CpuSet set) {
        this.cores = set.stream().toArray();
        if (cores.length == 0) {
            throw new IllegalArgumentException("the set of cores to select from is empty");
        }
    }

    /** The next core. */
    public int next() {
        return next(core -> true);
    }

    /**
     * The next core that {@code filter} accepts.
     *
     * @throws NoSuchElementException if it accepts none
     */
    public int next(IntPredicate filter) {
        for (int tried = 0; tried < cores.length; tried++) {
            int core = cores[Math.floorMod(next.getAndIncrement(), cores.length)];
            if (filter.test(core)) {
                return core;
            }
        }
        throw new NoSuchElementException("none of the " + cores.length + " cores is accepted by the filter");
    }
}
