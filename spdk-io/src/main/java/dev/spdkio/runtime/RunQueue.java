// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.error.LimitExceededException;
import org.jspecify.annotations.Nullable;

/** A bounded FIFO of callbacks for one thread's own use: a growing power-of-two ring, no allocation once warm. */
final class RunQueue {
    private static final int INITIAL_CAPACITY = 64;

    private final int limit;
    private @Nullable Runnable[] ring = new @Nullable Runnable[INITIAL_CAPACITY];
    private int head;
    private int size;

    RunQueue(int limit) {
        this.limit = limit;
    }

    int size() {
        return size;
    }

    void add(Runnable r) {
        if (size >= limit) {
            throw new LimitExceededException(
                    "deferredPerThread", limit, "too many callbacks deferred to this thread's next pass: defer fewer");
        }
        addUnbounded(r);
    }

    /** For callbacks that are bounded by something else: never refused. */
    void addUnbounded(Runnable r) {
        if (size == ring.length) {
            grow();
        }
        ring[(head + size) & (ring.length - 1)] = r;
        size++;
    }

    Runnable take() {
        Runnable r = ring[head];
        if (r == null) {
            throw new IllegalStateException("the run queue is empty");
        }
        ring[head] = null;
        head = (head + 1) & (ring.length - 1);
        size--;
        return r;
    }

    private void grow() {
        @Nullable Runnable[] larger = new @Nullable Runnable[ring.length * 2];
        int first = ring.length - head;
        System.arraycopy(ring, head, larger, 0, first);
        System.arraycopy(ring, 0, larger, first, head);
        ring = larger;
        head = 0;
    }
}
