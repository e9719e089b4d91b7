// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.uring;

import dev.spdkio.runtime.IdlePolicy;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.CompletionSink;
import dev.spdkio.sys.IoUring;
import dev.spdkio.sys.SysException;
import org.jspecify.annotations.Nullable;

/**
 * A ring, and where it may be used.
 *
 * <p>On a reactor that polls for ever it is <em>bound</em> to the reactor's OS thread: the kernel finishes operations
 * when it is asked, many at once, where a ring that can move is interrupted for each. But nothing announces that a
 * bound ring has something to finish; a sleeper would sleep on. So a reactor that sleeps has a <em>movable</em> ring,
 * whose descriptor wakes it.
 *
 * <p>Thread rule: a bound ring is owned by its OS thread, a movable one by its SpdkThread; {@link #isHere} and {@link
 * #drain} may be called on any.
 */
final class UringRing {
    /** Files that can be registered; more devices use their bare descriptors. */
    static final int FILE_SLOTS = 1024;

    private final IoUring ring;
    private final Reactor reactor;

    /** Null for a movable ring. */
    private final @Nullable Thread owner;

    private UringRing(IoUring ring, Reactor reactor, @Nullable Thread owner) {
        this.ring = ring;
        this.reactor = reactor;
        this.owner = owner;
    }

    /** A ring for the OS thread that runs {@code thread} now: the caller. */
    static UringRing create(SpdkThread thread) throws SysException {
        Reactor reactor = thread.reactor();
        boolean movable = reactor.idlePolicy() != IdlePolicy.BUSY;
        IoUring ring = IoUring.create(
                IoUring.Config.of(UringGroup.QUEUE_DEPTH).withMovable(movable).withFileSlots(FILE_SLOTS));
        return new UringRing(ring, reactor, movable ? null : Thread.currentThread());
    }

    /** Whether its descriptor tells that there are completions. */
    boolean canWake() {
        return owner == null;
    }

    IoUring ring() {
        return ring;
    }

    /** Whether the caller's OS thread may use the ring. */
    @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only, and this is asked for each operation
    boolean isHere() {
        Thread boundTo = owner;
        return boundTo == null || boundTo == Thread.currentThread();
    }

    /**
     * Lets what is in flight on a bound ring end on its own reactor, then closes it. Nobody else uses the ring any
     * more.
     *
     * @param sink gets the completions, on that reactor
     */
    void drain(CompletionSink sink) {
        reactor.send(() -> drainHere(sink));
    }

    /** One round; as long as something is in flight the reactor goes on to another, not to sleep. */
    private void drainHere(CompletionSink sink) {
        ring.poll(sink);
        if (ring.inFlight() == 0 && ring.sqSpace() == UringGroup.QUEUE_DEPTH) {
            ring.close();
        } else {
            reactor.send(() -> drainHere(sink));
        }
    }
}
