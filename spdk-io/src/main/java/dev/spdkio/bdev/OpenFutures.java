// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * The requests of a thread that have not ended and that a future waits for: a list through the requests themselves.
 *
 * <p>Thread rule: owned by its thread.
 */
final class OpenFutures {
    private FutureIo.@Nullable Hop first;

    void add(FutureIo.Hop request) {
        FutureIo.Hop next = first;
        request.after = next;
        if (next != null) {
            next.before = request;
        }
        first = request;
    }

    void remove(FutureIo.Hop request) {
        FutureIo.Hop before = request.before;
        FutureIo.Hop after = request.after;
        if (before != null) {
            before.after = after;
        } else if (first == request) {
            first = after;
        }
        if (after != null) {
            after.before = before;
        }
        request.before = null;
        request.after = null;
    }

    /** Ends the futures of a thread that ends before its requests. */
    void abandon() {
        while (first != null) {
            FutureIo.Hop request = first;
            remove(request);
            request.abandon();
        }
    }
}
