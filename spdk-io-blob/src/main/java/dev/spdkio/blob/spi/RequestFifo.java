// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import org.jspecify.annotations.Nullable;

/** Requests in a row, linked by their own fields. */
final class RequestFifo {
    private @Nullable BlobRequest head;
    private @Nullable BlobRequest tail;

    boolean isEmpty() {
        return head == null;
    }

    void add(BlobRequest r) {
        r.next = null;
        if (tail == null) {
            head = r;
        } else {
            tail.next = r;
        }
        tail = r;
    }

    void addFirst(BlobRequest r) {
        r.next = head;
        head = r;
        if (tail == null) {
            tail = r;
        }
    }

    @Nullable
    BlobRequest poll() {
        BlobRequest r = head;
        if (r != null) {
            head = r.next;
            r.next = null;
            if (head == null) {
                tail = null;
            }
        }
        return r;
    }
}
