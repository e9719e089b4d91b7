// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import org.jspecify.annotations.Nullable;

/**
 * What data threads see of a blob. A change of its size or of what it stands on makes another view; clusters that come
 * or go are set in the map.
 */
final class View {
    /** The cluster at each place, 0 for none; there may be more places than the blob has. */
    final int[] map;

    final int clusters;
    final long ioUnits;

    /** What is seen where there is no cluster; null for zeroes. */
    final @Nullable Backing backing;

    View(int[] map, int clusters, long ioUnits, @Nullable Backing backing) {
        this.map = map;
        this.clusters = clusters;
        this.ioUnits = ioUnits;
        this.backing = backing;
    }

    /** The first io unit from {@code offset} on that has a cluster, or has none; -1 if there is no such. */
    long next(long offset, long unitsPerCluster, boolean allocated) {
        for (long at = offset; at < ioUnits; at = (at / unitsPerCluster + 1) * unitsPerCluster) {
            if ((map[(int) (at / unitsPerCluster)] != 0) == allocated) {
                return at;
            }
        }
        return -1;
    }

    /** Whether what it stands on reaches further than it, with something at a place that is not seen through it. */
    boolean hides(int place) {
        return place >= clusters && Allocation.Source.find(backing, place) != null;
    }

    /** The cluster at a place, 0 for none. */
    int cluster(int place) {
        return place < clusters ? map[place] : 0;
    }
}
