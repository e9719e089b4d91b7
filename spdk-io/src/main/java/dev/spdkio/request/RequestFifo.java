// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.request;

import org.jspecify.annotations.Nullable;

/**
 * Requests in a row, linked by their own fields: each stands in one at most.
 *
 * @param <R> their kind
 */
public final class RequestFifo<R extends Request> {
    private @Nullable Request head;
    private @Nullable Request tail;

    /** Without requests. */
    public RequestFifo() {}

    /** Whether there is none. */
    public boolean isEmpty() {
        return head == null;
    }

    /** Puts one behind the others. */
    public void add(R r) {
        r.next = null;
        if (tail == null) {
            head = r;
        } else {
            tail.next = r;
        }
        tail = r;
    }

    /** Puts one before the others. */
    public void addFirst(R r) {
        r.next = head;
        head = r;
        if (tail == null) {
            tail = r;
        }
    }

    /** Puts all of {@code first}, which is empty then, before the others. */
    public void prepend(RequestFifo<R> first) {
        Request last = first.tail;
        if (last != null) {
            last.next = head;
            head = first.head;
            if (tail == null) {
                tail = last;
            }
            first.head = null;
            first.tail = null;
        }
    }

    /** Takes the first, or gives null. */
    @SuppressWarnings("unchecked") // only R get in
    public @Nullable R poll() {
        Request r = head;
        if (r != null) {
            head = r.next;
            r.next = null;
            if (head == null) {
                tail = null;
            }
        }
        return (R) r;
    }
}
