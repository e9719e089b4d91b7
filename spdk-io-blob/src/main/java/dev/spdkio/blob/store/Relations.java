// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which blob stands on which snapshot.
 *
 * <p>Thread rule: the metadata thread.
 */
final class Relations {
    private final Map<Long, Long> parents = new HashMap<>();
    private final Map<Long, Set<Long>> clones = new HashMap<>();

    long parent(long id) {
        return parents.getOrDefault(id, Store.NONE);
    }

    List<Long> clones(long id) {
        return new ArrayList<>(clones.getOrDefault(id, Set.of()));
    }

    boolean hasClones(long id) {
        return clones.containsKey(id);
    }

    void clear() {
        parents.clear();
        clones.clear();
    }

    /** {@code parent} may be {@link Store#NONE}. */
    void set(long id, long parent) {
        Long before = parents.remove(id);
        if (before != null) {
            clones.computeIfPresent(before, (_, of) -> of.remove(id) && of.isEmpty() ? null : of);
        }
        if (parent != Store.NONE) {
            parents.put(id, parent);
            clones.computeIfAbsent(parent, _ -> new LinkedHashSet<>()).add(id);
        }
    }

    /** Whether {@code id} is on the way from {@code from} to its last parent. It ends, even if that is a circle. */
    boolean isAbove(long id, long from) {
        long at = from;
        for (int i = 0; i <= parents.size() && at != Store.NONE; i++) {
            if (at == id) {
                return true;
            }
            at = parent(at);
        }
        return at != Store.NONE;
    }
}
