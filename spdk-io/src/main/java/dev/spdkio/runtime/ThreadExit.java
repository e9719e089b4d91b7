// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * How a thread ends: it waits until nothing belongs to it any more, shuts its gate, and takes down what is left.
 *
 * <p>The gate is held while it looks for the last time. So a message is either accepted before, and then the thread
 * goes on to serve it and what it may start, or refused.
 */
final class ThreadExit {
    /** What is taken down may start something anew (a slot that gives a channel back, say), but not for ever. */
    private static final int MAX_SWEEPS = 4;

    private static final Logger LOG = System.getLogger(SpdkThread.class.getName());

    private final SpdkThread thread;
    private long deadline = PollerSet.NEVER;

    ThreadExit(SpdkThread thread) {
        this.thread = thread;
    }

    void begin(long now) {
        deadline =
                PollerSet.later(now, PollerSet.nanos(thread.runtime().limits().exitTimeout()));
    }

    /** When the thread is forced out, or {@link PollerSet#NEVER} while nobody asked it to exit. */
    long deadline() {
        return deadline;
    }

    /** Ends the thread if its time has come. Returns false if there is nothing to do but wait. */
    boolean tryFinish(long now) {
        boolean timeUp = now >= deadline;
        if (!timeUp && !thread.isDrained()) {
            return false;
        }
        if (!thread.messages().tryHold()) {
            // A sender is inside, and wakes nobody if it is refused: look again at once.
            return true;
        }
        boolean drained = thread.isDrained();
        if (!timeUp && !drained) {
            thread.messages().release();
            return true;
        }
        thread.messages().close();
        if (!drained) {
            force();
        }
        takeDown();
        return thread.setExited();
    }

    private void force() {
        LOG.log(
                Level.WARNING,
                "{0} is forced to exit after {1}: it still has {2}; close what it owns before exit()",
                thread,
                thread.runtime().limits().exitTimeout(),
                thread.stats());
        thread.runAcceptedMessages();
        thread.runDeferred();
        List.copyOf(thread.visits).forEach(visit -> thread.run(visit::abandon));
    }

    private void takeDown() {
        for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
            boolean found = false;
            for (Poller p : List.copyOf(thread.pollers().registered())) {
                p.close();
                found = true;
            }
            for (ChannelCore<?> c : List.copyOf(thread.channels.values())) {
                thread.run(c::destroyNow);
                found = true;
            }
            found |= thread.slots().closeAll((slot, failure) -> thread.callbackFailed(slot, 1, failure));
            found |= thread.runDeferred() > 0;
            if (!found) {
                return;
            }
        }
    }
}
