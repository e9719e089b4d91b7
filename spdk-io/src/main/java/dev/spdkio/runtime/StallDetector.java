// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Tells from samples whether one callback holds a reactor: its count of callbacks and rounds stands still while awake.
 */
final class StallDetector {
    private final Reactor reactor;
    private final long limitNanos;
    private long seenCallbacks = -1;
    private long seenRounds = -1;
    private long since;
    private boolean reported;

    StallDetector(Reactor reactor, long limitNanos) {
        this.reactor = reactor;
        this.limitNanos = limitNanos;
    }

    /** One look. Returns for how long a callback has held the reactor, once for each stall; else 0. */
    long sample(long now) {
        long callbacks = reactor.callbackCount();
        long rounds = reactor.roundCount();
        // Before its first round a reactor runs no callback: it opens what it sleeps in.
        if (rounds == 0 || reactor.isAsleep() || callbacks != seenCallbacks || rounds != seenRounds) {
            seenCallbacks = callbacks;
            seenRounds = rounds;
            since = now;
            reported = false;
            return 0;
        }
        long held = now - since;
        if (reported || held < limitNanos) {
            return 0;
        }
        reported = true;
        reactor.countStall();
        return held;
    }

    /** Starts over: what was seen says nothing. */
    void forget() {
        seenCallbacks = -1;
    }

    String report(long heldNanos, StackTraceElement[] stack) {
        StringBuilder s = new StringBuilder(512);
        s.append(reactor.name()).append(" of ").append(reactor.runtime().name());
        s.append(" is held by one callback for ").append(heldNanos / 1_000_000).append(" ms already (stallLimit ");
        s.append(limitNanos / 1_000_000).append(" ms): do not block on a reactor, use a task or a helper thread");
        @Nullable Task<?> task = reactor.runningTask();
        if (task != null) {
            s.append("; it runs ").append(task).append(", which blocks without leaving its carrier, at");
            appendStack(s, task.stack());
            s.append("\n  carried by");
        }
        appendStack(s, stack);
        return s.toString();
    }

    private static void appendStack(StringBuilder s, StackTraceElement[] stack) {
        for (StackTraceElement e : stack) {
            s.append("\n    at ").append(e);
        }
    }
}
