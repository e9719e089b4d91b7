// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** What can be seen of a store. */
final class View {
    /** Clusters of a blob whose content is looked at from the start; of the others only the last. */
    static final int HEAD = 8;

    /** What stands for no blob. */
    static final long NONE = -1;

    /** The metadata of a blob: attributes by name, each with its content as text. */
    record Meta(long clusters, boolean readOnly, Map<String, String> xattrs, long parent) {}

    /** A blob. Of each sector what it is filled with, or what its bytes sum up to. */
    static final class Seen {
        private final Meta meta;
        private final long[] head;
        private final long[] tail;

        Seen(Meta meta, long[] head, long[] tail) {
            this.meta = meta;
            this.head = head;
            this.tail = tail;
        }

        Meta meta() {
            return meta;
        }

        long[] head() {
            return head;
        }

        long[] tail() {
            return tail;
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Seen s
                    && meta.equals(s.meta)
                    && Arrays.equals(head, s.head)
                    && Arrays.equals(tail, s.tail);
        }

        @Override
        public int hashCode() {
            return (meta.hashCode() * 31 + Arrays.hashCode(head)) * 31 + Arrays.hashCode(tail);
        }

        @Override
        public String toString() {
            return meta + " head " + Arrays.toString(head) + " tail " + Arrays.toString(tail);
        }
    }

    final TreeMap<Long, Seen> blobs = new TreeMap<>();

    /** The blob from which an application finds its way. */
    long superBlob = NONE;

    /** Clusters that blobs have, and those that the store says are used. */
    long allocated;

    long used;

    boolean shows(View other) {
        return blobs.equals(other.blobs) && superBlob == other.superBlob;
    }
}
