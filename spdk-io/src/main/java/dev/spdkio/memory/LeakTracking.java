// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

/**
 * Whether a {@link DmaPool} remembers where its buffers were allocated, so that it can say which were forgotten.
 *
 * <p>A buffer that became unreachable without being closed is logged and counted, never freed: its memory is lost
 * until the pool is closed. The pool looks for such buffers whenever it makes a tracked allocation, on
 * {@link DmaPool#stats()}, and when it is closed; no thread of its own does.
 */
public enum LeakTracking {
    /** Nothing is remembered. Forgotten buffers show when the pool is closed, without the place. */
    OFF,
    /** One allocation in {@value DmaPool#SAMPLE_INTERVAL}; cheap enough for production. */
    SAMPLED,
    /** Every allocation, at a few microseconds each; for tests. */
    ALL
}
