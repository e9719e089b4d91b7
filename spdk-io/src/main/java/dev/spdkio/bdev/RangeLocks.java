// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Exclusive ranges of blocks, first come first served: who asks for a range that overlaps one that is held, or one
 * that was asked for before, waits.
 *
 * <p>Thread rule: any thread.
 */
final class RangeLocks {
    /** A range that is held or waited for. */
    static final class Range {
        final long first;
        final long last;
        final CompletableFuture<Range> granted = new CompletableFuture<>();
        private boolean held;

        private Range(long first, long last) {
            this.first = first;
            this.last = last;
        }

        private boolean overlaps(Range o) {
            return first <= o.last && o.first <= last;
        }
    }

    private final List<Range> ranges = new ArrayList<>();

    /** Asks for blocks {@code first} to {@code last}. The future of the range completes when it is held. */
    Range lock(long first, long last) {
        Range range = new Range(first, last);
        synchronized (ranges) {
            range.held = ranges.stream().noneMatch(range::overlaps);
            ranges.add(range);
        }
        if (range.held) {
            range.granted.complete(range);
        }
        return range;
    }

    void unlock(Range range) {
        List<Range> now = new ArrayList<>();
        synchronized (ranges) {
            ranges.remove(range);
            for (int i = 0; i < ranges.size(); i++) {
                Range r = ranges.get(i);
                if (!r.held && ranges.subList(0, i).stream().noneMatch(r::overlaps)) {
                    r.held = true;
                    now.add(r);
                }
            }
        }
        for (Iterator<Range> i = now.iterator(); i.hasNext(); ) {
            Range r = i.next();
            r.granted.complete(r);
        }
    }

    int count() {
        synchronized (ranges) {
            return ranges.size();
        }
    }
}
