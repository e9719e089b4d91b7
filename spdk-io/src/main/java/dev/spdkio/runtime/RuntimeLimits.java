// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import java.time.Duration;

/**
 * The named bounds of a runtime.
 *
 * @param messagesPerThread messages that may wait for one {@link SpdkThread}
 * @param eventsPerReactor events that may wait for one {@link Reactor}
 * @param deferredPerThread callbacks that a thread may have deferred to its own next pass
 * @param tasksPerThread live tasks of one thread
 * @param threads live {@link SpdkThread}s of the runtime
 * @param offloadThreads helper threads that run user continuations
 * @param offloadQueue continuations that may wait for a helper thread
 * @param stallLimit how long one callback may hold a reactor before the watchdog reports it; zero turns it off
 * @param exitTimeout how long an exiting thread waits for what it still owns before it is forced out
 */
public record RuntimeLimits(
        int messagesPerThread,
        int eventsPerReactor,
        int deferredPerThread,
        int tasksPerThread,
        int threads,
        int offloadThreads,
        int offloadQueue,
        Duration stallLimit,
        Duration exitTimeout) {

    /**
     * What a runtime uses unless told otherwise. SPDK's message ring has 65,536 entries and its exit timeout is 5 s.
     */
    public static final RuntimeLimits DEFAULT = new RuntimeLimits(
            65_536, 65_536, 1 << 20, 16_384, 16_384, 4, 65_536, Duration.ofSeconds(1), Duration.ofSeconds(5));

    /** Checks that every bound is positive. */
    public RuntimeLimits {
        positive("messagesPerThread", messagesPerThread);
        positive("eventsPerReactor", eventsPerReactor);
        positive("deferredPerThread", deferredPerThread);
        positive("tasksPerThread", tasksPerThread);
        positive("threads", threads);
        positive("offloadThreads", offloadThreads);
        positive("offloadQueue", offloadQueue);
        if (stallLimit.isNegative() || exitTimeout.isNegative()) {
            throw new IllegalArgumentException(
                    "stallLimit (" + stallLimit + ") and exitTimeout (" + exitTimeout + ") must not be negative");
        }
    }

    private static void positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ": must be at least 1");
        }
    }

    /** The same limits with another {@link #messagesPerThread}. */
    public RuntimeLimits withMessagesPerThread(int value) {
        return new RuntimeLimits(
                value,
                eventsPerReactor,
                deferredPerThread,
                tasksPerThread,
                threads,
                offloadThreads,
                offloadQueue,
                stallLimit,
                exitTimeout);
    }

    /** The same limits with another {@link #eventsPerReactor}. */
    public RuntimeLimits withEventsPerReactor(int value) {
        return new RuntimeLimits(
                messagesPerThread,
                value,
                deferredPerThread,
                tasksPerThread,
                threads,
                offloadThreads,
                offloadQueue,
                stallLimit,
                exitTimeout);
    }

    /** The same limits with another {@link #tasksPerThread}. */
    public RuntimeLimits withTasksPerThread(int value) {
        return new RuntimeLimits(
                messagesPerThread,
                eventsPerReactor,
                deferredPerThread,
                value,
                threads,
                offloadThreads,
                offloadQueue,
                stallLimit,
                exitTimeout);
    }

    /** The same limits with another {@link #threads}. */
    public RuntimeLimits withThreads(int value) {
        return new RuntimeLimits(
                messagesPerThread,
                eventsPerReactor,
                deferredPerThread,
                tasksPerThread,
                value,
                offloadThreads,
                offloadQueue,
                stallLimit,
                exitTimeout);
    }

    /** The same limits with another {@link #stallLimit}. */
    public RuntimeLimits withStallLimit(Duration value) {
        return new RuntimeLimits(
                messagesPerThread,
                eventsPerReactor,
                deferredPerThread,
                tasksPerThread,
                threads,
                offloadThreads,
                offloadQueue,
                value,
                exitTimeout);
    }

    /** The same limits with another {@link #exitTimeout}. */
    public RuntimeLimits withExitTimeout(Duration value) {
        return new RuntimeLimits(
                messagesPerThread,
                eventsPerReactor,
                deferredPerThread,
                tasksPerThread,
                threads,
                offloadThreads,
                offloadQueue,
                stallLimit,
                value);
    }
}
