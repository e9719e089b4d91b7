// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The OS threads of this process that are pinned on purpose: the reactors of all runtimes. */
final class PinnedThreads {
    private static final Set<Integer> TIDS = ConcurrentHashMap.newKeySet();

    private PinnedThreads() {}

    static void add(int tid) {
        TIDS.add(tid);
    }

    static void remove(int tid) {
        TIDS.remove(tid);
    }

    static boolean contains(int tid) {
        return TIDS.contains(tid);
    }
}
