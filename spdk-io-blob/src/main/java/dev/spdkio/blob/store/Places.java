// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import java.util.BitSet;

/** Metadata pages and clusters. */
record Places(BitSet pages, BitSet clusters) {
    Places() {
        this(new BitSet(), new BitSet());
    }

    boolean isEmpty() {
        return pages.isEmpty() && clusters.isEmpty();
    }

    boolean intersects(Places other) {
        return pages.intersects(other.pages) || clusters.intersects(other.clusters);
    }

    void add(Places other) {
        pages.or(other.pages);
        clusters.or(other.clusters);
    }

    void remove(Places other) {
        pages.andNot(other.pages);
        clusters.andNot(other.clusters);
    }

    /** What both have. */
    Places and(Places other) {
        Places both = copy();
        both.pages.and(other.pages);
        both.clusters.and(other.clusters);
        return both;
    }

    Places copy() {
        Places copy = new Places();
        copy.add(this);
        return copy;
    }

    @Override
    public String toString() {
        return pages.cardinality() + " metadata pages and " + clusters.cardinality() + " clusters";
    }
}
