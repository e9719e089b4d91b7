// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/** What a reactor does when a round found no work. */
public enum IdlePolicy {
    /** Polls for ever: the lowest latency, one core at 100 %. What SPDK does. */
    BUSY,
    /**
     * Spins, then yields, then parks until a message, a timer or a file descriptor needs it: an idle application uses
     * about no CPU. A poller that nothing wakes (neither {@code wakeFd} nor {@code eventDriven}) bounds the park to one
     * millisecond.
     */
    ADAPTIVE
}
