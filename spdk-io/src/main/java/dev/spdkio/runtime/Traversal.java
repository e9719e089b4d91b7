// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One {@link IoDevice#forEachChannel} under way. It is on one thread at a time, and messages carry it to the next. */
final class Traversal<C> {
    final IoDevice<C> device;
    private final Deque<ChannelCore<C>> left;
    private final IoDevice.Visitor<C> visitor;
    private final SpdkThread origin;
    private final Consumer<@Nullable Throwable> done;

    Traversal(
            IoDevice<C> device,
            Collection<ChannelCore<C>> channels,
            IoDevice.Visitor<C> visitor,
            SpdkThread origin,
            Consumer<@Nullable Throwable> done) {
        this.device = device;
        this.left = new ArrayDeque<>(channels);
        this.visitor = visitor;
        this.origin = origin;
        this.done = done;
    }

    /** Goes to the next channel that is left, or ends. */
    void advance() {
        for (ChannelCore<C> core = left.poll(); core != null; core = left.poll()) {
            ChannelCore<C> next = core;
            // A thread that has exited meanwhile has no channel any more.
            if (next.thread.trySendInternal(() -> arrive(next))) {
                return;
            }
        }
        end(null);
    }

    private void arrive(ChannelCore<C> core) {
        if (!core.isOpen()) {
            advance();
            return;
        }
        IoDevice.Iteration<C> visit = new IoDevice.Iteration<>(this, core);
        core.thread.visits.add(visit);
        try {
            visitor.visit(visit);
        } catch (Throwable t) {
            if (!visit.leave()) {
                // It had gone on before it threw; the traversal is no longer here to be ended.
                throw t;
            }
            end(t);
        }
    }

    void end(@Nullable Throwable cause) {
        device.traversalEnded();
        SpdkRuntime.finish(origin, () -> done.accept(cause));
    }
}
