// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.memory.DmaBuf;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a file in memory. What is known of it is kept for each io unit of the store.
 *
 * <p>While it is read from the device, or written there, its memory belongs to the device: reading it waits for the
 * former, changing it for both. The end of such I/O is taken over by whoever looks next, so that no lane ever waits for
 * a lock.
 *
 * <p>Thread rule: under the lock of its node.
 */
final class CacheBuffer {
    final Node node;

    /** Which piece of the file, counted in buffers. */
    final long index;

    final DmaBuf memory;

    /** Units that have what the file has. */
    final BitSet valid;

    /** Units that the device does not have yet. */
    final BitSet dirty;

    /** It was used since the cache last looked for room. */
    boolean referenced = true;

    /** It was read before it was asked for, and nobody has asked yet. */
    boolean ahead;

    /** It is among those that were passed; the cache's. */
    boolean passed;

    /** The file has it no more. */
    boolean gone;

    /** How often the device got all of it. */
    int stores;

    private @Nullable CompletableFuture<Void> io;
    private @Nullable BitSet loading;
    private @Nullable BitSet storing;

    CacheBuffer(Node node, long index, DmaBuf memory) {
        this.node = node;
        this.index = index;
        this.memory = memory;
        int units = (int) (memory.size() / node.unit);
        this.valid = new BitSet(units);
        this.dirty = new BitSet(units);
    }

    /** Where it begins in the file, in bytes. */
    long start() {
        return index * memory.size();
    }

    /** What is under way, or null; takes over what has ended. */
    @Nullable
    CompletableFuture<Void> io() {
        CompletableFuture<Void> f = io;
        if (f == null || !f.isDone()) {
            return f;
        }
        boolean failed = f.isCompletedExceptionally();
        BitSet stored = storing;
        if (stored != null) {
            if (failed) {
                dirty.or(stored);
            } else {
                stores++;
            }
            node.stored(failed ? f.exceptionNow() : null);
        } else if (loading != null && !failed) {
            valid.or(loading);
        }
        io = null;
        loading = null;
        storing = null;
        return null;
    }

    /** Whether its memory is being filled by the device. */
    boolean isLoading() {
        return io() != null && loading != null;
    }

    /** The device fills {@code units}. */
    void load(BitSet units, CompletableFuture<Void> end) {
        loading = units;
        io = end;
    }

    /** The device gets all that it does not have yet. */
    void store(CompletableFuture<Void> end) {
        BitSet units = (BitSet) dirty.clone();
        dirty.clear();
        storing = units;
        io = end;
    }

    /** Whether all that it has is on the device, and it is not in use. */
    boolean isIdle() {
        return io() == null && dirty.isEmpty();
    }

    /** Runs {@code then} when the device has no more to do with it. */
    void whenIdle(Runnable then) {
        CompletableFuture<Void> f = io;
        if (f == null) {
            then.run();
        } else {
            var _ = f.whenComplete((_, _) -> then.run());
        }
    }
}
