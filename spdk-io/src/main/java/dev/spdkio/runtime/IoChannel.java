// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/**
 * One reference to the per-thread context of an {@link IoDevice}.
 *
 * <p>Stands for {@code spdk_io_channel}. Belongs to the thread that took it, may be closed from anywhere (it is posted
 * to its thread), and closing twice does nothing: each call of {@link IoDevice#channel} gives a handle of its own, all
 * of which share the context. The context is destroyed on its thread, in a later pass, when the last handle is closed.
 *
 * @param <C> the type of the context
 */
public final class IoChannel<C> implements AutoCloseable {
    private final ChannelCore<C> core;
    private volatile boolean closed;

    IoChannel(ChannelCore<C> core) {
        this.core = core;
    }

    /**
     * The per-thread context.
     *
     * @throws IllegalStateException if this handle is closed
     */
    public C context() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
        return core.context;
    }

    /** The thread it belongs to. */
    public SpdkThread thread() {
        return core.thread;
    }

    /** The device it is a channel of. */
    public IoDevice<C> device() {
        return core.device;
    }

    /** Another handle of the same context. Only on its thread; {@code spdk_io_channel_ref}. */
    public IoChannel<C> retain() {
        core.thread.checkCurrent("retaining " + this);
        context();
        return core.handle();
    }

    /** Gives this reference back. Idempotent, any thread; {@code spdk_put_io_channel}. */
    @Override
    public void close() {
        if (core.thread.isCurrent()) {
            closeHere();
        } else {
            core.thread.trySendInternal(this::closeHere);
        }
    }

    private void closeHere() {
        if (!closed) {
            closed = true;
            core.release();
        }
    }

    @Override
    public String toString() {
        return "channel of " + core.device.name() + " on SpdkThread " + core.thread.name();
    }
}
