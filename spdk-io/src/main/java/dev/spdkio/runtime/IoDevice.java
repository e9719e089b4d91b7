// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something that has a context of its own on every thread that uses it: how per-thread state is made, found and torn
 * down without locks.
 *
 * <p>Stands for {@code spdk_io_device}. A thread's first {@link #channel} creates the context inline; the last
 * {@link IoChannel#close} destroys it, later, on the same thread.
 *
 * @param <C> the type of the per-thread context
 */
public final class IoDevice<C> {
    private final SpdkRuntime runtime;
    private final String name;
    private final Function<SpdkThread, ? extends C> create;
    private final Consumer<? super C> destroy;

    private final Object lock = new Object();
    private final List<ChannelCore<C>> cores = new ArrayList<>();
    private int traversals;
    private boolean registered = true;
    private @Nullable Runnable whenGone;

    private IoDevice(
            SpdkRuntime runtime, String name, Function<SpdkThread, ? extends C> create, Consumer<? super C> destroy) {
        this.runtime = runtime;
        this.name = name;
        this.create = create;
        this.destroy = destroy;
    }

    /**
     * Registers a device. Any thread; {@code spdk_io_device_register}.
     *
     * @param name unique among the devices of the runtime
     * @param create makes a thread's context; runs on that thread, inside {@link #channel}
     * @param destroy takes a context down; runs on its thread
     * @throws IllegalStateException if a device of that name is registered
     */
    public static <C> IoDevice<C> register(
            SpdkRuntime runtime, String name, Function<SpdkThread, ? extends C> create, Consumer<? super C> destroy) {
        Objects.requireNonNull(create, "create");
        Objects.requireNonNull(destroy, "destroy");
        IoDevice<C> device = new IoDevice<>(runtime, name, create, destroy);
        if (runtime.deviceRegistry().putIfAbsent(name, device) != null) {
            throw new IllegalStateException("I/O device " + name + " is registered already: unregister it first");
        }
        return device;
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** The runtime it is registered with. */
    public SpdkRuntime runtime() {
        return runtime;
    }

    /** Whether it is registered. Any thread. */
    public boolean isRegistered() {
        synchronized (lock) {
            return registered;
        }
    }

    /** How many threads have a context. Any thread. */
    public int channelCount() {
        synchronized (lock) {
            return cores.size();
        }
    }

    /**
     * A reference to the calling thread's context, created now if it is the first; {@code spdk_get_io_channel}.
     *
     * @throws WrongThreadException if the caller does not run as an SPDK thread
     * @throws IllegalStateException if the device is not registered
     */
    public IoChannel<C> channel() {
        SpdkThread thread = SpdkThread.require();
        if (thread.runtime() != runtime) {
            throw new IllegalArgumentException("I/O device " + name + " belongs to runtime " + runtime.name() + ", "
                    + thread + " to " + thread.runtime().name());
        }
        @SuppressWarnings("unchecked") // the map holds for each device the core that this device made
        ChannelCore<C> core = (ChannelCore<C>) thread.channels.get(this);
        if (core == null) {
            core = createCore(thread);
        } else {
            checkRegistered();
        }
        return core.handle();
    }

    private ChannelCore<C> createCore(SpdkThread thread) {
        checkRegistered();
        ChannelCore<C> core = new ChannelCore<>(this, thread, create.apply(thread));
        boolean late;
        synchronized (lock) {
            late = !registered;
            if (!late) {
                cores.add(core);
            }
        }
        if (late) {
            destroy.accept(core.context);
            checkRegistered();
        }
        thread.channels.put(this, core);
        return core;
    }

    private void checkRegistered() {
        if (!isRegistered()) {
            throw new IllegalStateException("I/O device " + name + " is not registered any more");
        }
    }

    void destroyContext(C context) {
        destroy.accept(context);
    }

    void channelGone(ChannelCore<C> core) {
        synchronized (lock) {
            cores.remove(core);
        }
        completeIfGone();
    }

    /**
     * Unregisters it: no new channels. Any thread; {@code spdk_io_device_unregister}.
     *
     * @return completes when the last channel is gone and no {@link #forEachChannel} is under way; on the calling
     *     thread if that is an SPDK thread
     * @throws IllegalStateException if it is not registered
     */
    public CompletableFuture<Void> unregister() {
        CompletableFuture<Void> done = runtime.newFuture();
        SpdkThread origin = SpdkThread.current();
        synchronized (lock) {
            checkRegistered();
            registered = false;
            whenGone = () -> SpdkRuntime.finish(origin, () -> done.complete(null));
        }
        if (origin != null) {
            origin.beginOperation();
        }
        runtime.deviceRegistry().remove(name, this);
        completeIfGone();
        return done;
    }

    private void completeIfGone() {
        Runnable completion;
        synchronized (lock) {
            if (registered || !cores.isEmpty() || traversals > 0) {
                return;
            }
            completion = whenGone;
            whenGone = null;
        }
        if (completion != null) {
            completion.run();
        }
    }

    /** What a traversal calls on each thread that has a channel. */
    @FunctionalInterface
    public interface Visitor<C> {
        /** Visits one channel; go on by {@link Iteration#next} or end by {@link Iteration#stop}, now or later. */
        void visit(Iteration<C> iteration);
    }

    /**
     * Visits the channels one after the other, each on its thread. Only on an SPDK thread; {@code
     * spdk_for_each_channel}.
     *
     * <p>Channels that are created meanwhile may or may not be visited; those that are gone are passed over.
     *
     * @param done called on the calling thread after the last visit: with null, or with what a visit stopped with or
     *     threw; where the last visit was, if the calling thread was forced to exit meanwhile
     */
    public void forEachChannel(Visitor<C> visitor, Consumer<@Nullable Throwable> done) {
        SpdkThread origin = SpdkThread.require();
        origin.beginOperation();
        Traversal<C> traversal;
        synchronized (lock) {
            traversals++;
            traversal = new Traversal<>(this, cores, visitor, origin, done);
        }
        traversal.advance();
    }

    void traversalEnded() {
        synchronized (lock) {
            traversals--;
        }
        completeIfGone();
    }

    @Override
    public String toString() {
        return "I/O device " + name;
    }

    /** One visit of a traversal, as its visitor sees it on the thread of the channel. */
    public static final class Iteration<C> {
        private final Traversal<C> traversal;
        private final ChannelCore<C> core;
        private boolean over;

        Iteration(Traversal<C> traversal, ChannelCore<C> core) {
            this.traversal = traversal;
            this.core = core;
        }

        /** The context of the channel that is visited. */
        public C context() {
            return core.context;
        }

        /** The thread of the channel that is visited. */
        public SpdkThread thread() {
            return core.thread;
        }

        /** Goes on with the next channel. Once for each visit, on its thread. */
        public void next() {
            end("going on with");
            traversal.advance();
        }

        /** Ends the traversal early. Once for each visit, on its thread. */
        public void stop(@Nullable Throwable cause) {
            end("stopping");
            traversal.end(cause);
        }

        private void end(String what) {
            core.thread.checkCurrent(what + " a traversal of " + traversal.device.name);
            if (!leave()) {
                throw new IllegalStateException(what + " a traversal of " + traversal.device.name
                        + ": it has left this channel already; call next() or stop() once for each visit");
            }
        }

        /** Ends the visit. False if it had ended before. */
        boolean leave() {
            boolean first = !over;
            over = true;
            core.thread.visits.remove(this);
            return first;
        }

        /** The thread is forced to exit, and nobody can go on from here: the traversal does by itself. */
        void abandon() {
            if (leave()) {
                traversal.advance();
            }
        }
    }
}
