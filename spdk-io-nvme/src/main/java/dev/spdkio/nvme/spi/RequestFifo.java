// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import org.jspecify.annotations.Nullable;

/** Requests in a row, linked by their own fields. */
final class RequestFifo {
    private @Nullable NvmeRequest head;
    private @Nullable NvmeRequest tail;

    boolean isEmpty() {
        return head == null;
    }

    @Nullable
    NvmeRequest peek() {
        return head;
    }

    void add(NvmeRequest r) {
        r.next = null;
        if (tail == null) {
            head = r;
        } else {
            tail.next = r;
        }
        tail = r;
    }

    @Nullable
    NvmeRequest poll() {
        NvmeRequest r = head;
        if (r != null) {
            head = r.next;
            r.next = null;
            if (head == null) {
                tail = null;
            }
        }
        return r;
    }

    /** Puts all of {@code first} before the others. */
    void prepend(RequestFifo first) {
        NvmeRequest last = first.tail;
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
}
