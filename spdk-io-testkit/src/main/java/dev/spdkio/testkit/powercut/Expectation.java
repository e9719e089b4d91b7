// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What may be seen after a cut: of each blob the metadata as it was at its last sync, or at any moment since, as a
 * whole; of each sector what it held then or since.
 */
final class Expectation {
    /** @param metas null if it may be missing */
    private record Allowed(List<View.@Nullable Meta> metas, List<View.Seen> data) {}

    private final Map<Long, Allowed> blobs = new TreeMap<>();
    private final Set<Long> superBlobs = new TreeSet<>();

    /**
     * @param views before the first operation, and after each
     * @param synced the blobs that each operation synced
     * @param last the operation at hand, from 1 on
     * @param over whether it is over
     */
    static Expectation of(List<View> views, List<Set<Long>> synced, int last, boolean over) {
        Expectation e = new Expectation();
        Set<Long> ids = new TreeSet<>();
        views.subList(0, last + 1).forEach(v -> ids.addAll(v.blobs.keySet()));
        for (long id : ids) {
            int meta = 0;
            int data = 0;
            for (int op = 1; op < (over ? last + 1 : last); op++) {
                boolean all = synced.get(op - 1).contains(id);
                data = all ? op : data;
                meta = all
                                || isDurable(
                                        views.get(op - 1).blobs.get(id),
                                        views.get(op).blobs.get(id))
                        ? op
                        : meta;
            }
            Allowed allowed = new Allowed(new ArrayList<>(), new ArrayList<>());
            for (int i = Math.min(meta, data); i <= last; i++) {
                View.Seen seen = views.get(i).blobs.get(id);
                if (i >= meta) {
                    allowed.metas.add(seen == null ? null : seen.meta());
                }
                if (i >= data && seen != null) {
                    allowed.data.add(seen);
                }
            }
            e.blobs.put(id, allowed);
        }
        for (int i = over ? last : last - 1; i <= last; i++) {
            e.superBlobs.add(views.get(i).superBlob);
        }
        return e;
    }

    /** What is created, deleted, resized or put on something else is so durably. */
    private static boolean isDurable(View.@Nullable Seen before, View.@Nullable Seen after) {
        if (before == null || after == null) {
            return before != after;
        }
        View.Meta a = before.meta();
        View.Meta b = after.meta();
        return a.clusters() != b.clusters() || a.readOnly() != b.readOnly() || a.parent() != b.parent();
    }

    /**
     * Says what must not be as it is, or null if all may.
     *
     * @param mayBeSetAside whether a blob may be missing that should be there
     */
    @Nullable
    String refute(View found, LongPredicate mayBeSetAside) {
        for (Map.Entry<Long, View.Seen> e : found.blobs.entrySet()) {
            Allowed allowed = blobs.get(e.getKey());
            if (allowed == null) {
                return "there is blob 0x" + Long.toHexString(e.getKey()) + ", which nobody made: " + e.getValue();
            }
            String wrong = refute(e.getValue(), allowed);
            if (wrong != null) {
                return "blob 0x" + Long.toHexString(e.getKey()) + " has " + wrong;
            }
        }
        for (Map.Entry<Long, Allowed> e : blobs.entrySet()) {
            boolean maybeMissing = e.getValue().metas.contains(null);
            if (!found.blobs.containsKey(e.getKey()) && !maybeMissing && !mayBeSetAside.test(e.getKey())) {
                return "blob 0x" + Long.toHexString(e.getKey()) + " is missing";
            }
        }
        return superBlobs.contains(found.superBlob) ? null : "the super blob is " + found.superBlob;
    }

    private static @Nullable String refute(View.Seen is, Allowed allowed) {
        if (!allowed.metas.contains(is.meta())) {
            return is.meta() + " where there may be " + allowed.metas;
        }
        for (int i = 0; i < is.head().length; i++) {
            int at = i;
            long value = is.head()[i];
            if (allowed.data.stream().noneMatch(s -> at < s.head().length && s.head()[at] == value)) {
                return "sector " + i + " with " + value + " where there may be "
                        + allowed.data.stream()
                                .map(s -> Arrays.toString(s.head()))
                                .toList();
            }
        }
        for (int i = 0; i < is.tail().length; i++) {
            int at = i;
            long value = is.tail()[i];
            if (allowed.data.stream()
                    .filter(s -> s.meta().clusters() == is.meta().clusters())
                    .noneMatch(s -> s.tail()[at] == value)) {
                return "sector " + i + " of its last cluster with " + value;
            }
        }
        return null;
    }

    /** Whether a blob is not there that should be. */
    boolean isMissing(View found) {
        return blobs.entrySet().stream()
                .anyMatch(e -> !e.getValue().metas.contains(null) && !found.blobs.containsKey(e.getKey()));
    }

    /** Whether a blob may stand on one of those, or on what stands on it. */
    boolean standsOnAny(long id, Set<Long> those) {
        Set<Long> seen = new TreeSet<>();
        Deque<Long> next = new ArrayDeque<>(List.of(id));
        for (Long at = next.poll(); at != null; at = next.poll()) {
            Allowed allowed = seen.add(at) ? blobs.get(at) : null;
            if (allowed != null) {
                for (View.Meta meta : allowed.metas) {
                    if (meta != null && meta.parent() != View.NONE) {
                        if (those.contains(meta.parent())) {
                            return true;
                        }
                        next.add(meta.parent());
                    }
                }
            }
        }
        return false;
    }

    @Override
    public int hashCode() {
        return Objects.hash(blobs, superBlobs);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Expectation e && blobs.equals(e.blobs) && superBlobs.equals(e.superBlobs);
    }
}
