// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/**
 * The only source of time of a runtime, in nanoseconds from an arbitrary origin.
 *
 * <p>May be read on any thread. A real runtime reads {@link System#nanoTime()}; a simulated one moves by hand.
 */
@FunctionalInterface
public interface Clock {
    /** Nanoseconds since an arbitrary, fixed origin. */
    long nanoTime();
}
