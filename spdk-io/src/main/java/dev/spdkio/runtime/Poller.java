// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A function that an {@link SpdkThread} calls again and again: every pass, or every period.
 *
 * <p>Stands for {@code spdk_poller}. Registered on its thread with {@link SpdkThread#poller}; {@link #pause}, {@link
 * #resume}, {@link #retime} and {@link #close} may be called from any OS thread, from other callbacks and from inside
 * the function itself: on the owner they act at once, from elsewhere they are posted to it. After {@code close()}
 * returned on the owner thread the function does not run again. An exception from the function is logged and counted;
 * the poller stays.
 */
public final class Poller implements AutoCloseable {
    /** What one call found. Busy and idle time of threads and reactors is derived from it. */
    public enum Result {
        /** Nothing to do. */
        IDLE,
        /** Did work. */
        BUSY
    }

    /** The function of a poller. It must not block. */
    @FunctionalInterface
    public interface Body {
        /** Does what there is to do, and says whether there was anything. */
        Result poll();
    }

    /** Where a poller is in its life. */
    public enum State {
        /** Called in its turn. */
        WAITING,
        /** Being called right now. */
        RUNNING,
        /** Not called until resumed. */
        PAUSED,
        /** Closed for good. */
        CLOSED
    }

    /**
     * What a poller has done so far; a racy snapshot when read off its thread.
     *
     * @param runs calls of the function
     * @param busyRuns calls that found work
     * @param errors calls that threw
     */
    public record Stats(long runs, long busyRuns, long errors) {}

    /** No descriptor wakes this poller. */
    static final int NO_FD = -1;

    private final SpdkThread thread;
    private final String name;
    private final Body body;
    final int wakeFd;
    final boolean eventDriven;
    final boolean background;

    private State state = State.WAITING;
    private boolean closeRequested;
    private boolean pauseRequested;
    private long runs;
    private long busyRuns;
    private long errors;

    /** 0 for every pass. */
    long periodNanos;

    /** When a timed poller runs next, in runtime time. */
    long nextRunNanos;

    /** The reactor does not watch {@link #wakeFd} now. */
    boolean muted;

    /** Ties between equal expirations go to the earlier one. */
    long sequence;

    private Poller(Builder b, Body body) {
        this.thread = b.thread;
        this.name = b.name;
        this.body = body;
        this.wakeFd = b.wakeFd;
        this.eventDriven = b.eventDriven || b.wakeFd != NO_FD;
        this.background = b.background;
        this.periodNanos = b.periodNanos;
    }

    /** The thread that calls it. */
    public SpdkThread thread() {
        return thread;
    }

    /** The name, for statistics and logs. */
    public String name() {
        return name;
    }

    /** Its state; a racy snapshot when read off its thread. */
    public State state() {
        return state;
    }

    /** The period; zero for every pass. */
    public Duration period() {
        return Duration.ofNanos(periodNanos);
    }

    /** What it has done so far. */
    public Stats stats() {
        return new Stats(runs, busyRuns, errors);
    }

    /** Stops the calls until {@link #resume}. Idempotent; {@code spdk_poller_pause}. */
    public void pause() {
        onOwner(this::pauseHere);
    }

    /** Lets the calls go on, a timed one a full period from now. Idempotent; {@code spdk_poller_resume}. */
    public void resume() {
        onOwner(this::resumeHere);
    }

    /** Changes the period; zero makes it run every pass. A timed poller's next call is a full new period from now. */
    public void retime(Duration period) {
        long nanos = checkPeriod(name, period);
        onOwner(() -> retimeHere(nanos));
    }

    /** Ends the calls for good. Idempotent; {@code spdk_poller_unregister}. */
    @Override
    public void close() {
        onOwner(this::closeHere);
    }

    @Override
    public String toString() {
        return "poller " + name + " of " + thread.name() + " (" + state + ", period " + periodNanos + " ns)";
    }

    private void onOwner(Runnable action) {
        if (thread.isCurrent()) {
            action.run();
        } else {
            // An exited thread has closed its pollers: nothing is left to change.
            thread.trySendInternal(action);
        }
    }

    private void pauseHere() {
        switch (state) {
            case WAITING -> {
                thread.pollers().remove(this);
                state = State.PAUSED;
            }
            case RUNNING -> pauseRequested = true;
            case PAUSED, CLOSED -> {}
        }
    }

    private void resumeHere() {
        switch (state) {
            case PAUSED -> {
                state = State.WAITING;
                thread.pollers().add(this, periodNanos > 0 ? thread.clockNow() : 0);
            }
            case RUNNING -> pauseRequested = false;
            case WAITING, CLOSED -> {}
        }
    }

    private void retimeHere(long nanos) {
        if (state == State.WAITING) {
            thread.pollers().remove(this);
            periodNanos = nanos;
            thread.pollers().add(this, thread.clockNow());
        } else {
            periodNanos = nanos;
        }
    }

    private void closeHere() {
        switch (state) {
            case WAITING -> {
                thread.pollers().remove(this);
                closed();
            }
            case PAUSED -> closed();
            case RUNNING -> closeRequested = true;
            case CLOSED -> {}
        }
    }

    private void closed() {
        state = State.CLOSED;
        thread.pollers().closed(this);
    }

    boolean isRunnable() {
        return state == State.WAITING;
    }

    /** Whether every pass calls it, so that it empties what makes its descriptor readable. */
    boolean isActive() {
        return state == State.WAITING && periodNanos == 0;
    }

    /** Whether the reactor of its thread watches its descriptor. */
    boolean watched() {
        return wakeFd != NO_FD && !muted;
    }

    /** One call. The set has taken a timed poller out of its heap before. Returns whether it found work. */
    boolean run() {
        state = State.RUNNING;
        boolean busy = false;
        try {
            busy = body.poll() == Result.BUSY;
        } catch (Throwable t) {
            errors++;
            thread.callbackFailed(this, errors, t);
        }
        runs++;
        if (busy) {
            busyRuns++;
        }
        state = State.WAITING;
        return busy;
    }

    /** What the call asked for about itself. True if the poller is no longer to be called. */
    boolean settle() {
        if (closeRequested) {
            closed();
            return true;
        }
        if (pauseRequested) {
            pauseRequested = false;
            state = State.PAUSED;
            return true;
        }
        return false;
    }

    private static long checkPeriod(String name, Duration period) {
        if (period.isNegative()) {
            throw new IllegalArgumentException("poller " + name + ": period " + period + " is negative");
        }
        return PollerSet.nanos(period);
    }

    /** Describes a poller before it is registered. */
    public static final class Builder {
        private final SpdkThread thread;
        private final String name;
        private long periodNanos;
        private int wakeFd = NO_FD;
        private boolean eventDriven;
        private boolean background;
        private @Nullable Body body;

        Builder(SpdkThread thread, String name) {
            this.thread = thread;
            this.name = Objects.requireNonNull(name, "name");
        }

        /** Calls it every period instead of every pass; zero means every pass. */
        public Builder period(Duration period) {
            this.periodNanos = checkPeriod(name, period);
            return this;
        }

        /**
         * Promises that this descriptor becomes readable when there is work, so that the reactor may sleep on it. The
         * function must read it empty. While the poller is paused, or timed, the descriptor wakes nobody.
         */
        public Builder wakeFd(int fd) {
            if (fd < 0) {
                throw new IllegalArgumentException("poller " + name + ": wakeFd " + fd + " is not a descriptor");
            }
            this.wakeFd = fd;
            return this;
        }

        /** Promises that whatever brings work also sends a message, so that the reactor may sleep. */
        public Builder eventDriven() {
            this.eventDriven = true;
            return this;
        }

        /** Lets the thread exit although this poller is registered; it is closed then. */
        public Builder background() {
            this.background = true;
            return this;
        }

        /** The function to call. */
        public Builder body(Body body) {
            this.body = Objects.requireNonNull(body, "body");
            return this;
        }

        /** Registers it; on its thread. {@code spdk_poller_register_named}. */
        public Poller register() {
            thread.checkCurrent("registering a poller");
            if (body == null) {
                throw new IllegalStateException("poller " + name + " has no body: set one before register()");
            }
            Poller p = new Poller(this, body);
            thread.pollers().register(p);
            return p;
        }
    }
}
