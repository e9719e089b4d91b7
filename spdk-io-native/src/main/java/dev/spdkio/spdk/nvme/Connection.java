// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.NvmeApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The life of a controller's connection: lost, made again, or ended. One step follows the other in the controller's
 * poller:
 *
 * <pre>
 *   UP → (a loss, a reset) → PAIRS_LEAVE → DISCONNECTS → CONNECTS → UP
 *                                              ↑            ↓ fails
 *                                            PAUSE ← DISCONNECTS      until lossTimeout, then DOWN
 *   UP, PAUSE, DOWN → (detach) → PAIRS_CLOSE → DETACHES → ENDED
 * </pre>
 *
 * <p>Thread rule: owned by the controller's thread.
 */
final class Connection {
    private static final Logger LOG = System.getLogger(Connection.class.getName());

    private enum Step {
        UP,
        /** Every queue pair gives up its connection, and says so. */
        PAIRS_LEAVE,
        /** The admin queue is being disconnected. */
        DISCONNECTS,
        /** The admin queue is being disconnected after an attempt that failed. */
        DISCONNECTS_TO_PAUSE,
        PAUSE,
        CONNECTS,
        DOWN,
        PAIRS_CLOSE,
        DETACHES,
        ENDED
    }

    private final NativeController controller;
    private final SpdkThread thread;
    private final ControllerOptions options;
    private final List<CompletableFuture<Void>> resets = new ArrayList<>();
    private final List<CompletableFuture<Void>> detaches = new ArrayList<>();
    private Step step = Step.UP;
    private int leaving;
    private long lostAt;
    private long pauseUntil;
    private long detachContext;

    Connection(NativeController controller) {
        this.controller = controller;
        this.thread = controller.thread();
        this.options = controller.options();
    }

    // ---- what sets it going ----------------------------------------------------------------------------------------

    /** A queue pair was opened. */
    void opened(NativeQueuePair pair) {
        if (isDetaching()) {
            pair.close();
            return;
        }
        controller.pairs().add(pair);
        if (pair.closed().isDone()) {
            // It was closed before this message came.
            controller.pairs().remove(pair);
        } else if (step == Step.UP) {
            boolean _ = pair.thread().trySendInternal(pair::attach);
        }
    }

    void lost(String why) {
        if (step == Step.UP) {
            LOG.log(Level.WARNING, "{0}: {1}; connecting again", controller, why);
            leave();
        }
    }

    void reset(CompletableFuture<Void> done) {
        if (isDetaching() || step == Step.DOWN) {
            done.completeExceptionally(failure("cannot be reset: it is " + controller.state()));
            return;
        }
        resets.add(done);
        if (step == Step.UP) {
            leave();
        }
    }

    void detach(CompletableFuture<Void> done) {
        if (step == Step.ENDED) {
            done.complete(null);
            return;
        }
        detaches.add(done);
        if (controller.state() != ControllerState.DETACHING) {
            controller.setState(ControllerState.DETACHING);
        }
    }

    private boolean isDetaching() {
        return !detaches.isEmpty() || step == Step.ENDED;
    }

    private SpdkException failure(String what) {
        return new SpdkException(Errno.ENXIO, controller + " " + what);
    }

    // ---- step by step ----------------------------------------------------------------------------------------------

    /** One round of the poller. Returns whether there was work. */
    boolean poll() {
        if (isDetaching() && (step == Step.UP || step == Step.PAUSE || step == Step.DOWN)) {
            closePairs();
            return true;
        }
        switch (step) {
            case UP -> {
                int rc = NvmeApi.processAdminCompletions(controller.pointer());
                if (rc < 0) {
                    lost("the admin queue lost its connection (" + Errno.name(-rc) + ")");
                }
                return rc != 0;
            }
            case DISCONNECTS, DISCONNECTS_TO_PAUSE -> {
                // The error says that it is disconnected.
                if (NvmeApi.processAdminCompletions(controller.pointer()) < 0) {
                    disconnected();
                }
            }
            case PAUSE -> {
                if (thread.now() - pauseUntil >= 0) {
                    connect();
                }
            }
            case CONNECTS -> {
                int rc = NvmeApi.reconnectPoll(controller.pointer());
                if (rc != -Errno.EAGAIN) {
                    connected(rc == 0);
                }
            }
            case DETACHES -> {
                if (NvmeApi.detachPoll(detachContext) != -Errno.EAGAIN) {
                    ended();
                }
            }
            case PAIRS_LEAVE, PAIRS_CLOSE, DOWN, ENDED -> {
                return false;
            }
        }
        return true;
    }

    private void leave() {
        step = Step.PAIRS_LEAVE;
        lostAt = thread.now();
        if (!isDetaching()) {
            controller.setState(ControllerState.RECONNECTING);
        }
        leaving = 1;
        for (NativeQueuePair pair : controller.pairs()) {
            leaving++;
            boolean sent = pair.thread().trySendInternal(() -> {
                pair.detach();
                boolean _ = thread.trySendInternal(this::left);
            });
            if (!sent) {
                left();
            }
        }
        left();
    }

    /** A queue pair has given up its connection. */
    private void left() {
        if (--leaving == 0) {
            disconnect(Step.DISCONNECTS);
        }
    }

    private void disconnect(Step next) {
        NativeThread.enter(thread);
        int rc = NvmeApi.disconnect(controller.pointer());
        if (rc == 0) {
            step = next;
        } else {
            down("cannot be disconnected (" + Errno.name(-rc) + "): it was removed");
        }
    }

    private void disconnected() {
        if (step == Step.DISCONNECTS && !isDetaching()) {
            connect();
        } else {
            step = Step.PAUSE;
            pauseUntil = thread.now() + options.reconnectDelay().toNanos();
        }
    }

    private void connect() {
        step = Step.CONNECTS;
        NvmeApi.reconnectAsync(controller.pointer());
    }

    private void connected(boolean ok) {
        if (ok) {
            step = Step.UP;
            if (!isDetaching()) {
                controller.askAgain();
                controller.setState(ControllerState.ONLINE);
            }
            for (NativeQueuePair pair : controller.pairs()) {
                boolean _ = pair.thread().trySendInternal(pair::attach);
            }
            resets.forEach(r -> r.complete(null));
            resets.clear();
        } else if (isLostForGood()) {
            down("could not be reached for " + options.lossTimeout());
        } else {
            disconnect(Step.DISCONNECTS_TO_PAUSE);
        }
    }

    private boolean isLostForGood() {
        // A Duration, since "for ever" is more nanoseconds than a long has.
        return options.lossTimeout().compareTo(Duration.ofNanos(thread.now() - lostAt)) <= 0;
    }

    private void down(String why) {
        LOG.log(Level.WARNING, "{0} {1}", controller, why);
        step = Step.DOWN;
        if (!isDetaching()) {
            controller.setState(ControllerState.REMOVED);
        }
        failResets(why);
    }

    private void failResets(String why) {
        resets.forEach(r -> r.completeExceptionally(failure(why)));
        resets.clear();
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    private void closePairs() {
        step = Step.PAIRS_CLOSE;
        failResets("was detached");
        CompletableFuture<?>[] closed = controller.pairs().stream()
                .map(pair -> {
                    pair.close();
                    return pair.closed();
                })
                .toArray(CompletableFuture[]::new);
        CompletableFuture<Void> all = CompletableFuture.allOf(closed);
        var _ = all.thenRun(() -> {
            if (!thread.trySendInternal(this::detachController)) {
                LOG.log(Level.ERROR, "{0} cannot be detached: its thread has exited", controller);
            }
        });
    }

    private void detachController() {
        NativeThread.enter(thread);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment context = arena.allocate(Raw.POINTER, Raw.POINTER);
            int rc = NvmeApi.detachAsync(controller.pointer(), context.address());
            detachContext = Raw.getLong(context.address());
            if (rc != 0 || detachContext == 0) {
                if (rc != 0) {
                    LOG.log(Level.ERROR, "{0} cannot be detached ({1})", controller, Errno.name(-rc));
                }
                ended();
            } else {
                step = Step.DETACHES;
            }
        }
    }

    private void ended() {
        step = Step.ENDED;
        controller.ended();
        detaches.forEach(d -> d.complete(null));
    }
}
