// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.BlobId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is known of a blob: its size, and what each io unit may hold. */
final class Known {
    /** Blobs of which one operation at a time changes the metadata: those that stand on each other. */
    static final class Family {
        boolean busy;
    }

    /** Writes that are under way to a range, and what they write. */
    record Write(int from, int count, int value) {}

    /** Stands for every value. */
    private static final int ANY = -9;

    final BlobId id;
    final int perCluster;
    final boolean thin;
    Family family;

    @Nullable
    Known parent;

    @Nullable
    Blob blob;

    boolean readOnly;

    /** It is being closed, to be deleted. */
    boolean going;

    /** How often it was made smaller. */
    int shrinks;

    /** Io units to which requests go, while it may be made smaller. */
    int limit = Integer.MAX_VALUE;

    /** It could not be made smaller durably: what was cut off may come back. */
    boolean loose;

    /** A value of its attribute; 0 for none. */
    int xattr;

    final List<Set<Integer>> units = new ArrayList<>();
    final List<Write> writes = new ArrayList<>();

    /** Those that ended while its size changed. */
    private final List<Write> late = new ArrayList<>();

    /** Snapshots that are being made, which get what is written meanwhile, or do not. */
    final List<Known> captures = new ArrayList<>();

    /** Snapshots that were begun so far. */
    int snapshots;

    /** Places where it has a cluster of its own for certain, as long as it stands on something. */
    private final BitSet own = new BitSet();

    Known(BlobId id, int perCluster, boolean thin, Family family) {
        this.id = id;
        this.perCluster = perCluster;
        this.thin = thin;
        this.family = family;
    }

    int clusters() {
        return units.size() / perCluster;
    }

    /** New units hold what it stands on, or zeroes, or what was on its way to them meanwhile. */
    void resize(int clusters) {
        int count = clusters * perCluster;
        if (count < units.size()) {
            shrinks++;
            units.subList(count, units.size()).clear();
            own.clear(clusters, Integer.MAX_VALUE);
        }
        while (units.size() < count) {
            int unit = units.size();
            Known below = parent;
            Set<Integer> values =
                    new HashSet<>(below != null && unit < below.units.size() ? below.units.get(unit) : Set.of(0));
            Stream.concat(writes.stream(), late.stream())
                    .filter(w -> w.from <= unit && unit < w.from + w.count)
                    .forEach(w -> values.add(w.value));
            if (loose) {
                values.add(ANY);
            }
            units.add(values);
        }
        late.clear();
    }

    void copyUnits(Known from) {
        units.clear();
        from.units.forEach(u -> units.add(new HashSet<>(u)));
    }

    /** It was written where it may have stood on something. */
    void own(int from, int count) {
        own.set(from / perCluster, (from + count - 1) / perCluster + 1);
    }

    boolean owns(int from, int count) {
        return own.nextClearBit(from / perCluster) > (from + count - 1) / perCluster;
    }

    /** A snapshot is made, which may have all of it from now on. */
    void disown() {
        snapshots++;
        own.clear();
    }

    boolean isWritten(int from, int count) {
        return writes.stream().anyMatch(w -> w.from < from + count && from < w.from + w.count);
    }

    void begin(Write w) {
        writes.add(w);
        add(w);
        captures.forEach(c -> c.add(w));
    }

    private void add(Write w) {
        for (int u = w.from; u < Math.min(units.size(), w.from + w.count); u++) {
            units.get(u).add(w.value);
        }
    }

    /** @param certain whether nothing else can be there */
    void end(Write w, boolean certain) {
        writes.remove(w);
        if (limit != Integer.MAX_VALUE) {
            late.add(w);
        }
        for (int u = w.from; certain && u < Math.min(units.size(), w.from + w.count); u++) {
            units.get(u).clear();
            units.get(u).add(w.value);
        }
    }

    /** What is read, and stays. False if that cannot be. */
    boolean see(int unit, int value) {
        Set<Integer> values = units.get(unit);
        if (!values.contains(value) && !values.contains(ANY)) {
            return false;
        }
        if (!isWritten(unit, 1)) {
            values.clear();
            values.add(value);
        }
        return true;
    }

    @Override
    public String toString() {
        return "blob " + id + " of " + clusters() + " clusters";
    }
}
