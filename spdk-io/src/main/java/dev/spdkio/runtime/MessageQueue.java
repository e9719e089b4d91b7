// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.lang.invoke.VarHandle;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.varhandle.MpscChunkedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The bounded way into a thread or a reactor: any OS thread offers, one consumer polls.
 *
 * <p>Closing is a gate, so that no message is ever accepted and lost: a sender counts itself in before it offers, and
 * the gate closes only when nobody is inside; what was accepted before is still there for the consumer's last look.
 */
final class MessageQueue {
    /** What became of an offer. */
    enum Offer {
        ACCEPTED,
        FULL,
        CLOSED
    }

    private static final int INITIAL_CAPACITY = 64;
    private static final int CLOSED = Integer.MIN_VALUE;

    /** Added to the gate while the consumer decides whether to close it. */
    private static final int HELD = CLOSED / 2;

    private final MpscChunkedVarHandleArrayQueue<Runnable> queue;
    private final AtomicInteger gate = new AtomicInteger();
    private final ConcurrentLinkedQueue<Thread> waiters = new ConcurrentLinkedQueue<>();
    private final int capacity;

    MessageQueue(int limit) {
        // The queue's capacity is a power of two above its first chunk; the exact value is what the limit names.
        this.capacity = Math.max(4, Integer.highestOneBit(Math.max(2, limit - 1)) << 1);
        this.queue = new MpscChunkedVarHandleArrayQueue<>(Math.min(INITIAL_CAPACITY, capacity / 2), capacity);
    }

    int capacity() {
        return capacity;
    }

    Offer offer(Runnable message) {
        if (!enter()) {
            return Offer.CLOSED;
        }
        boolean accepted = queue.offer(message);
        leave();
        return accepted ? Offer.ACCEPTED : Offer.FULL;
    }

    /** Counts a sender in. False if the gate is shut. */
    boolean enter() {
        while (true) {
            int before = gate.getAndIncrement();
            if (before >= 0) {
                return true;
            }
            gate.getAndDecrement();
            if (before < HELD) {
                return false;
            }
            // The consumer holds the gate for the few instructions that decide; both answers would be wrong now.
            Thread.onSpinWait();
        }
    }

    /** Counts a sender out. */
    void leave() {
        gate.getAndDecrement();
    }

    /** Waits for room; never gives up while the consumer lives. An interrupt is kept for the caller. */
    Offer offerWaiting(Runnable message) {
        boolean interrupted = false;
        try {
            while (true) {
                Offer result = offer(message);
                if (result != Offer.FULL) {
                    return result;
                }
                waiters.add(Thread.currentThread());
                // The consumer looks at the waiters after it made room: look once more before sleeping.
                result = offer(message);
                if (result != Offer.FULL) {
                    waiters.remove(Thread.currentThread());
                    return result;
                }
                LockSupport.park(this);
                waiters.remove(Thread.currentThread());
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The consumer's side: the next message, or null. */
    @Nullable
    Runnable poll() {
        return queue.relaxedPoll();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }

    /** The consumer's side, after it took messages: wakes who waits for room. */
    void madeRoom() {
        // The room must be visible before the look at the waiters, or one that saw a full queue could sleep for ever.
        VarHandle.fullFence();
        if (waiters.isEmpty()) {
            return;
        }
        for (Thread t = waiters.poll(); t != null; t = waiters.poll()) {
            LockSupport.unpark(t);
        }
    }

    /** Lets nobody in until {@link #release} or {@link #close}. False while a sender is inside: try again. */
    boolean tryHold() {
        return gate.compareAndSet(0, HELD);
    }

    /** Opens the held gate again. */
    void release() {
        gate.getAndAdd(-HELD);
    }

    /** Shuts the held gate for good. */
    void close() {
        gate.getAndAdd(CLOSED - HELD);
        madeRoom();
    }

    /** Refuses further messages. False while a sender is inside: try again. */
    boolean tryClose() {
        boolean held = tryHold();
        if (held) {
            close();
        }
        return held;
    }
}
