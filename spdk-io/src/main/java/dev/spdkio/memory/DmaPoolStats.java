// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.sys.PageKind;
import java.util.Map;

/**
 * What a {@link DmaPool} has done so far and has now. Sizes are in bytes, and those of buffers are what they occupy:
 * the next power of two. Numbers of other threads may be a moment old.
 *
 * @param name the name of the pool
 * @param limitBytes what it may map
 * @param mappedBytes what it has mapped: slabs and large buffers
 * @param peakMappedBytes the most it has ever mapped
 * @param usedBytes what open buffers occupy
 * @param peakUsedBytes the most that was ever out of the central store: open buffers and the caches of threads
 * @param cachedBytes what lies free in the caches of threads
 * @param settlingBytes what was closed and waits for the owner of its in-flight counter to confirm that nothing is in
 *     flight
 * @param openBuffers allocations that were not closed yet
 * @param allocations buffers that were allocated: {@code cacheHits + centralHits}
 * @param cacheHits allocations that a thread's cache served, without a lock
 * @param centralHits allocations that the central store served
 * @param failures times that there was no memory, successful retries not subtracted
 * @param slabs mappings that are cut into blocks
 * @param largeBuffers open buffers that have a mapping of their own
 * @param waiters requests that wait for memory
 * @param leaks buffers that became unreachable without being closed, as far as tracked
 * @param pages the mapped bytes by what backs them
 */
public record DmaPoolStats(
        String name,
        long limitBytes,
        long mappedBytes,
        long peakMappedBytes,
        long usedBytes,
        long peakUsedBytes,
        long cachedBytes,
        long settlingBytes,
        long openBuffers,
        long allocations,
        long cacheHits,
        long centralHits,
        long failures,
        int slabs,
        int largeBuffers,
        int waiters,
        long leaks,
        Map<PageKind, Long> pages) {

    /** Makes the map immutable. */
    public DmaPoolStats {
        pages = Map.copyOf(pages);
    }
}
