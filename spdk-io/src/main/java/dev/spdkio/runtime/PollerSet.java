// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pollers of one thread: those of every pass in order of registration, the timed ones by expiration. */
final class PollerSet {
    /** Nothing is timed. */
    static final long NEVER = Long.MAX_VALUE;

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final SpdkThread thread;
    private final Set<Poller> registered = new LinkedHashSet<>();
    private @Nullable Poller[] active = new @Nullable Poller[8];
    private int activeCount;
    private boolean activeHoles;
    private boolean running;
    private final PriorityQueue<Poller> timed = new PriorityQueue<>(
            Comparator.<Poller>comparingLong(p -> p.nextRunNanos).thenComparingLong(p -> p.sequence));
    private int unwakeable;
    private long sequence;

    PollerSet(SpdkThread thread) {
        this.thread = thread;
    }

    Set<Poller> registered() {
        return registered;
    }

    /** Whether a poller is registered that its thread must not exit without. */
    boolean keepThreadAlive() {
        for (Poller p : registered) {
            if (!p.background) {
                return true;
            }
        }
        return false;
    }

    int activeCount() {
        return activeCount;
    }

    int timedCount() {
        return timed.size();
    }

    /** True if every pass may find work that nothing announces, so that the reactor must not sleep for long. */
    boolean needsPolling() {
        return unwakeable > 0;
    }

    /** True if an active poller waits for a descriptor: for the world outside. */
    boolean awaitsDescriptor() {
        for (int i = 0; i < activeCount; i++) {
            Poller p = active[i];
            if (p != null && p.wakeFd != Poller.NO_FD) {
                return true;
            }
        }
        return false;
    }

    /** When the first timed poller is due, or {@link #NEVER}. */
    long nextExpiration() {
        Poller p = timed.peek();
        return p == null ? NEVER : p.nextRunNanos;
    }

    /** A moment after {@code now}; {@link #NEVER} if that is beyond all time. */
    static long later(long now, long nanos) {
        long then = now + nanos;
        return then < now ? NEVER : then;
    }

    /** A duration as nanoseconds; centuries are all the same. */
    static long nanos(Duration d) {
        return d.compareTo(LONGEST) < 0 ? d.toNanos() : Long.MAX_VALUE;
    }

    void register(Poller p) {
        registered.add(p);
        add(p, thread.clockNow());
        if (p.wakeFd != Poller.NO_FD) {
            thread.reactor().addWakeFd(p.wakeFd);
        }
    }

    void closed(Poller p) {
        if (registered.remove(p) && p.watched()) {
            thread.reactor().removeWakeFd(p.wakeFd);
        }
    }

    /**
     * Descriptors of pollers that are not called now must not end sleeps: what makes them readable would stay unread,
     * and the reactor awake. Found out only when it happens, so that pausing a poller costs no system call.
     */
    void muteIdleWakeFds() {
        for (Poller p : registered) {
            if (p.watched() && !p.isActive()) {
                p.muted = true;
                thread.reactor().removeWakeFd(p.wakeFd);
            }
        }
    }

    /** Lets it run again: at the end of a pass's list, or a full period after {@code now}. */
    void add(Poller p, long now) {
        p.sequence = sequence++;
        if (p.periodNanos > 0) {
            p.nextRunNanos = later(now, p.periodNanos);
            timed.add(p);
            return;
        }
        if (p.muted) {
            p.muted = false;
            thread.reactor().addWakeFd(p.wakeFd);
        }
        if (activeCount == active.length) {
            active = Arrays.copyOf(active, activeCount * 2);
        }
        active[activeCount++] = p;
        unwakeable += p.eventDriven ? 0 : 1;
    }

    void remove(Poller p) {
        if (p.periodNanos > 0) {
            timed.remove(p);
            return;
        }
        for (int i = 0; i < activeCount; i++) {
            if (active[i] == p) {
                removeActive(i, p);
                return;
            }
        }
    }

    private void removeActive(int i, Poller p) {
        active[i] = null;
        activeHoles = true;
        unwakeable -= p.eventDriven ? 0 : 1;
        if (!running) {
            compact();
        }
    }

    private void compact() {
        int to = 0;
        for (int i = 0; i < activeCount; i++) {
            Poller p = active[i];
            active[i] = null;
            if (p != null) {
                active[to++] = p;
            }
        }
        activeCount = to;
        activeHoles = false;
    }

    /** Calls every active poller once; one that is registered meanwhile waits for the next pass. */
    int runActive(long now) {
        int work = 0;
        running = true;
        int count = activeCount;
        for (int i = 0; i < count; i++) {
            Poller p = active[i];
            if (p == null || !p.isRunnable()) {
                continue;
            }
            thread.callbackStarts();
            if (p.run()) {
                work++;
            }
            if (p.settle()) {
                removeActive(i, p);
            } else if (p.periodNanos > 0) {
                removeActive(i, p);
                add(p, now);
            }
        }
        running = false;
        if (activeHoles) {
            compact();
        }
        return work;
    }

    /** Calls every timed poller that is due, each at most once. */
    int runTimed(long now) {
        int work = 0;
        for (Poller p = timed.peek(); p != null && p.nextRunNanos <= now; p = timed.peek()) {
            timed.remove();
            thread.callbackStarts();
            if (p.run()) {
                work++;
            }
            if (!p.settle()) {
                add(p, now);
            }
        }
        return work;
    }
}
