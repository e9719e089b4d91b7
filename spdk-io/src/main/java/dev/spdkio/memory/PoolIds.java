// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.util.BitSet;

/** Small numbers for pools, used again after them, so that a thread finds its cache of a pool in an array. */
final class PoolIds {
    private static final BitSet TAKEN = new BitSet();

    private PoolIds() {}

    static synchronized int take() {
        int id = TAKEN.nextClearBit(0);
        TAKEN.set(id);
        return id;
    }

    static synchronized void release(int id) {
        TAKEN.clear(id);
    }
}
