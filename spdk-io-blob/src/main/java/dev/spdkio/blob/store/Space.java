// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.SuperBlock;
import java.util.BitSet;

/**
 * Which clusters, metadata pages and blobs there are; the lowest that is free is always taken next, as SPDK does.
 *
 * <p>Thread rule: the metadata thread.
 */
final class Space {
    final BitSet pages;
    final BitSet blobs;
    final BitSet clusters;
    private final int pageCount;
    private int clusterCount;
    private int free;
    private int lowestCluster;
    private int lowestPage;

    Space(BitSet pages, int pageCount, BitSet blobs, BitSet clusters, int clusterCount) {
        this.pages = pages;
        this.pageCount = pageCount;
        this.blobs = blobs;
        this.clusters = clusters;
        this.clusterCount = clusterCount;
        this.free = clusterCount - clusters.cardinality();
    }

    /** Of a store whose super block is known, and nothing else. */
    static Space unknown(SuperBlock s) {
        return new Space(new BitSet(), s.metadata().length(), new BitSet(), new BitSet(), s.clusters());
    }

    /** The bits were set from outside. */
    void recount() {
        free = clusterCount - clusters.cardinality();
        lowestCluster = 0;
        lowestPage = 0;
    }

    int freeClusters() {
        return free;
    }

    int clusterCount() {
        return clusterCount;
    }

    /** The store has become larger. */
    void grow(int count) {
        free += count - clusterCount;
        clusterCount = count;
    }

    /** A cluster; there must be one. */
    int claimCluster() {
        int c = clusters.nextClearBit(lowestCluster);
        clusters.set(c);
        lowestCluster = c + 1;
        free--;
        return c;
    }

    void releaseCluster(int cluster) {
        clusters.clear(cluster);
        lowestCluster = Math.min(lowestCluster, cluster);
        free++;
    }

    int freePages() {
        return pageCount - pages.cardinality();
    }

    /** The lowest free page from {@code least} on, or -1. */
    int claimPage(int least) {
        int p = pages.nextClearBit(Math.max(least, lowestPage));
        if (p >= pageCount) {
            return -1;
        }
        pages.set(p);
        if (least <= lowestPage) {
            lowestPage = p + 1;
        }
        return p;
    }

    void releasePage(int page) {
        pages.clear(page);
        lowestPage = Math.min(lowestPage, page);
    }
}
