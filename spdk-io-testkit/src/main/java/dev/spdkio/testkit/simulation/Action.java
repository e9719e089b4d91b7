// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.util.random.RandomGenerator;

/**
 * What may happen in a simulated world, and how often in comparison.
 *
 * <p>Thread rule: a constant, usable anywhere.
 */
public enum Action {
    /** A client submits a request. */
    IO(60),
    /** A client submits several in one message. */
    BURST(20),
    /** A client aborts what it has in flight under some user data. */
    ABORT(8),
    /** A client resets its disk. */
    RESET(1),
    /** Several clients reset one disk at once. */
    RESET_STORM(1),
    /** A client asks for a future, and may cancel it. */
    FUTURE(8),
    /** Somebody locks blocks, or quiesces them. */
    LOCK(2),
    /** A lock is let go. */
    UNLOCK(3),
    /** A disk gets limits for what it does in a second, or loses them. */
    LIMIT(1),
    /** Somebody wants to be told of what takes too long, and does something about it. */
    TIMEOUT(1),
    /** Something goes wrong between a disk and its storage. */
    INJECT(3),
    /** A zero copy ends. */
    END_ZERO_COPY(6),
    /** A client appears: with a descriptor of its own, or another channel of one that is there. */
    OPEN(8),
    /** A channel is closed. */
    CLOSE_CHANNEL(3),
    /** A descriptor is closed. */
    CLOSE_DESCRIPTOR(2),
    /** A thread closes what it has and exits. */
    EXIT_THREAD(1),
    /** A thread appears. */
    NEW_THREAD(1),
    /** A thread moves to another reactor. */
    MOVE_THREAD(2),
    /** A disk is removed. */
    REMOVE(1),
    /** A disk appears, by the name of one that has gone. */
    ADD(1),
    /** A disk gets more blocks. */
    GROW(2),
    /** A disk that is open is asked to shrink. */
    SHRINK(1),
    /** Somebody takes all memory of the pool. */
    TAKE_MEMORY(2),
    /** The memory is given back. */
    GIVE_MEMORY(3),
    /** Somebody reads the statistics of a disk. */
    STATISTICS(2),
    /** A client does what it must not do. */
    MISUSE(2),
    /** Time passes. */
    WAIT(10);

    private static final Action[] ALL = values();
    private static final int TOTAL = total();

    private final int weight;

    Action(int weight) {
        this.weight = weight;
    }

    private static int total() {
        int sum = 0;
        for (Action a : ALL) {
            sum += a.weight;
        }
        return sum;
    }

    static Action draw(RandomGenerator r) {
        int at = r.nextInt(TOTAL);
        for (Action a : ALL) {
            at -= a.weight;
            if (at < 0) {
                return a;
            }
        }
        throw new AssertionError("weights of actions");
    }
}
