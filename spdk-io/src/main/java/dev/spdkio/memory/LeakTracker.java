// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds the buffers of one pool that were forgotten: it holds them weakly, and asks the garbage collector's queue
 * which went away without being closed. It reports; it never frees. Any thread.
 */
final class LeakTracker {
    private static final Logger LOG = System.getLogger(DmaPool.class.getName());

    /** So many leaks are logged one by one, then only every power of two: a leak in a loop must not fill the disk. */
    private static final int LOGGED_SINGLY = 16;

    private final String poolName;
    private final int interval;
    private final ReferenceQueue<DmaBuf> forgotten = new ReferenceQueue<>();
    private final AtomicLong found = new AtomicLong();

    LeakTracker(String poolName, LeakTracking mode) {
        this.poolName = poolName;
        this.interval = switch (mode) {
            case OFF -> 0;
            case SAMPLED -> DmaPool.SAMPLE_INTERVAL;
            case ALL -> 1;
        };
    }

    /** A tracked allocation: stands in its block for the buffer, and becomes the news of its end. */
    static final class Tracked extends WeakReference<DmaBuf> {
        final AllocationSite site;
        final long bytes;

        Tracked(DmaBuf buf, AllocationSite site, ReferenceQueue<DmaBuf> queue) {
            super(buf, queue);
            this.site = site;
            this.bytes = buf.size();
        }
    }

    /** Says which allocations are sampled; one for each thread, so that they do not meet in the CPU's caches. */
    static final class Sampler {
        private int skipped;
    }

    /** The caller's stack, if there may be a use for it. */
    @Nullable
    AllocationSite siteOfRequest() {
        return interval == 0 ? null : AllocationSite.here();
    }

    /**
     * What the block is to hold for a new buffer: the buffer, or its tracker.
     *
     * @param requested where it was asked for, or null if that is the caller's stack
     */
    Object holderOf(DmaBuf buf, Sampler sampler, @Nullable AllocationSite requested) {
        if (interval == 0 || ++sampler.skipped < interval) {
            return buf;
        }
        sampler.skipped = 0;
        report();
        return new Tracked(buf, requested != null ? requested : AllocationSite.here(), forgotten);
    }

    /** Logs and counts what the garbage collector has found since. */
    void report() {
        for (Reference<?> r = forgotten.poll(); r != null; r = forgotten.poll()) {
            Tracked leak = (Tracked) r;
            long count = found.incrementAndGet();
            if (count <= LOGGED_SINGLY || Long.bitCount(count) == 1) {
                LOG.log(
                        Level.WARNING,
                        "pool {0}: a DmaBuf of {1} bytes became unreachable without close(), its memory is lost until"
                                + " the pool is closed (leak {2}); it was allocated at {3}",
                        poolName,
                        Long.toString(leak.bytes),
                        Long.toString(count),
                        leak.site);
            }
        }
    }

    /** Forgotten buffers that were found so far. */
    long found() {
        return found.get();
    }
}
