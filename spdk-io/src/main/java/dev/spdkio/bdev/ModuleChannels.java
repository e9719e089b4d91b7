// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The states of one device on all the threads that use it, for what concerns them all, such as a reset. Stands for
 * {@code spdk_for_each_channel} of a module's own I/O device.
 *
 * <p>Thread rule: any thread.
 *
 * @param <C> the device's state on one thread
 */
public final class ModuleChannels<C> {
    private record Open<C>(SpdkThread thread, C channel) {}

    private final List<Open<C>> open = new CopyOnWriteArrayList<>();

    /** For a device without channels. */
    public ModuleChannels() {}

    /** A channel was opened; for {@link BdevOps#openChannel}, which may return what this does. */
    public C add(SpdkThread thread, C channel) {
        open.add(new Open<>(thread, channel));
        return channel;
    }

    /** A channel is closed. */
    public void remove(C channel) {
        open.removeIf(o -> o.channel == channel);
    }

    /**
     * Runs {@code body} for every channel on its thread, in a message, and then {@code done} on {@code thread}. A
     * channel that was closed meanwhile is left out.
     */
    public void forEach(Consumer<? super C> body, SpdkThread thread, Runnable done) {
        List<Open<C>> channels = List.copyOf(open);
        AtomicInteger left = new AtomicInteger(channels.size() + 1);
        Runnable visited = () -> {
            if (left.decrementAndGet() == 0) {
                thread.sendInternal(done);
            }
        };
        for (Open<C> o : channels) {
            Runnable visit = () -> {
                try {
                    if (open.contains(o)) {
                        body.accept(o.channel);
                    }
                } finally {
                    visited.run();
                }
            };
            // A thread that has exited has no channels any more.
            if (!o.thread.trySendInternal(visit)) {
                visited.run();
            }
        }
        visited.run();
    }
}
