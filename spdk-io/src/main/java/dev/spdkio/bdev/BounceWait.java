// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.Poller;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bounce buffers for one thread, and the requests that wait for one, first come first served.
 *
 * <p>For the first that waits the pool is asked, which sends memory as soon as somebody gives it back. Only what the
 * pool does not keep in slabs is asked for from time to time.
 *
 * <p>Thread rule: owned by its thread.
 */
final class BounceWait {
    private static final Duration RETRY_PERIOD = Duration.ofMillis(1);

    private final HubThread hub;
    private final ArrayDeque<Composite> waiting = new ArrayDeque<>();
    private @Nullable Ask asked;

    /** What the pool has sent, while the first that waits may take it. */
    private @Nullable DmaBuf sent;

    private @Nullable Poller poller;

    BounceWait(HubThread hub) {
        this.hub = hub;
    }

    /** A buffer, or null if there is none or others are first. */
    @Nullable
    DmaBuf tryAllocate(long bytes, int alignment, Composite asker) {
        if (!waiting.isEmpty() && waiting.peekFirst() != asker) {
            return null;
        }
        DmaBuf buf = sent;
        if (buf != null && buf.size() == bytes && buf.address() % alignment == 0) {
            sent = null;
            return buf;
        }
        return hub.manager.pool().tryAllocate(bytes, alignment);
    }

    /** Has a request wait for what {@link #tryAllocate} did not give. */
    void await(Composite request, long bytes, int alignment) {
        await(request, bytes, alignment, true);
    }

    /** Has a request wait until the pool has so much, which somebody else may be about to take. */
    void awaitRoom(Composite request, long bytes) {
        await(request, bytes, 1, false);
    }

    private void await(Composite request, long bytes, int alignment, boolean takes) {
        if (waiting.peekFirst() != request) {
            waiting.addLast(request);
        }
        if (waiting.peekFirst() == request && asked == null && poller == null) {
            ask(bytes, alignment, takes);
        }
    }

    private void ask(long bytes, int alignment, boolean takes) {
        Ask ask = new Ask(takes);
        try {
            ask.waiter = hub.manager.pool().onAvailable(bytes, alignment, hub.thread, ask);
            asked = ask;
        } catch (IllegalArgumentException | LimitExceededException cannotWait) {
            poller = hub.thread
                    .poller("bounce buffers")
                    .period(RETRY_PERIOD)
                    .body(this::poll)
                    .register();
        }
    }

    /** A question to the pool. */
    private final class Ask implements Consumer<DmaBuf> {
        private final boolean takes;

        DmaPool.@Nullable Waiter waiter;

        Ask(boolean takes) {
            this.takes = takes;
        }

        @Override
        public void accept(DmaBuf buf) {
            if (asked == this) {
                asked = null;
            }
            if (takes && !waiting.isEmpty()) {
                sent = buf;
                resume();
                if (sent == null) {
                    return;
                }
                sent = null;
            }
            buf.close();
            resume();
        }
    }

    private Poller.Result poll() {
        resume();
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
        stopAsking();
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
            stopAsking();
        }
        return removed;
    }

    /** What is on its way all the same is given back when it comes. */
    private void stopAsking() {
        Ask ask = asked;
        if (ask != null && ask.waiter != null) {
            asked = null;
            ask.waiter.cancel();
        }
        Poller p = poller;
        if (p != null) {
            poller = null;
            p.close();
        }
    }
}
