// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

/**
 * Receives the completions of an {@link IoUring}.
 *
 * <p>Thread rule: called by the thread that reaps, inside {@link IoUring#reap} or {@link IoUring#poll}. It may
 * prepare new operations and even reap again, but must not close the ring.
 */
@FunctionalInterface
public interface CompletionSink {
    /**
     * One operation has ended, and its buffer is free again.
     *
     * <p>An exception thrown from here leaves {@code reap} at once. The completion counts as delivered; those behind it
     * are kept for the next call.
     *
     * @param userData the value that the operation was prepared with
     * @param res what the system call would have returned: a number of bytes, 0, or a <em>negative</em> error number
     *     (see {@link Errno})
     * @param flags {@code IORING_CQE_F_} bits, 0 for the operations offered here
     */
    void completed(long userData, int res, int flags);
}
