// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.Poller;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bounce buffers for one thread, and the requests that wait for one, first come first served.
 *
 * <p>A buffer that this thread gives back goes to the first that waits; memory that others give back to the pool is
 * found by asking again from time to time.
 *
 * <p>Thread rule: owned by its thread.
 */
final class BounceWait {
    private static final Duration RETRY_PERIOD = Duration.ofMillis(1);

    private final HubThread hub;
    private final ArrayDeque<Composite> waiting = new ArrayDeque<>();
    private @Nullable Poller poller;

    BounceWait(HubThread hub) {
        this.hub = hub;
    }

    /** A buffer, or null if there is none or others are first. */
    @Nullable
    DmaBuf tryAllocate(long bytes, int alignment, Composite asker) {
        return waiting.isEmpty() || waiting.peekFirst() == asker
                ? hub.manager.pool().tryAllocate(bytes, alignment)
                : null;
    }

    void await(Composite request) {
        if (waiting.peekFirst() != request) {
            waiting.addLast(request);
        }
        if (poller == null) {
            poller = hub.thread
                    .poller("bounce buffers")
                    .period(RETRY_PERIOD)
                    .body(this::poll)
                    .register();
        }
    }

    private Poller.Result poll() {
        resume();
        if (waiting.isEmpty()) {
            stopPolling();
        }
        return Poller.Result.BUSY;
    }

    /** Lets those that wait go on, until one finds no memory again. */
    void resume() {
        while (!waiting.isEmpty()) {
            Composite first = waiting.peekFirst();
            if (!first.tryGoOn()) {
                return;
            }
            waiting.removeFirst();
            first.finishIfDone();
        }
    }

    void abort(DeviceChannel channel) {
        List<Composite> aborted = new ArrayList<>();
        for (Composite s : waiting) {
            if (s.channel() == channel) {
                aborted.add(s);
            }
        }
        aborted.forEach(this::remove);
        aborted.forEach(Composite::abort);
    }

    /** It is not to wait any more. False if it did not. */
    boolean remove(Composite request) {
        boolean removed = waiting.remove(request);
        if (waiting.isEmpty()) {
            stopPolling();
        }
        return removed;
    }

    private void stopPolling() {
        Poller p = poller;
        if (p != null) {
            poller = null;
            p.close();
        }
    }
}
