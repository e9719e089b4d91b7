// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.format.MetadataPage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Memory to put pages of metadata together in. It is used again while the processor's caches have it: fresh memory of
 * the heap costs more than what is written there.
 *
 * <p>Thread rule: the metadata thread.
 */
final class PageMemory {
    private static final int MOST_KEPT = 64;

    private final ArrayDeque<MemorySegment> kept = new ArrayDeque<>();

    /** A page of zeroes. */
    MemorySegment take() {
        MemorySegment page = kept.pollLast();
        return page == null ? MemorySegment.ofArray(new byte[MetadataPage.BYTES]) : page.fill((byte) 0);
    }

    /** Pages that are not used any more. */
    void giveBack(List<MemorySegment> pages) {
        for (MemorySegment page : pages) {
            if (kept.size() < MOST_KEPT) {
                kept.addLast(page);
            }
        }
    }
}
