// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The buffers that were still open when their pool was closed.
 *
 * @param buffers how many
 * @param bytes what they occupied
 * @param sites where they were allocated, those that hold the most first
 */
public record DmaLeakReport(long buffers, long bytes, List<Site> sites) {
    /** Makes the list immutable. */
    public DmaLeakReport {
        sites = List.copyOf(sites);
    }

    /**
     * A place in the program.
     *
     * @param where its stack, one frame a line, or that it is not known
     * @param buffers how many buffers from there were still open
     * @param bytes what they occupied
     */
    public record Site(String where, long buffers, long bytes) {
        Site plus(Site other) {
            return new Site(where, buffers + other.buffers, bytes + other.bytes);
        }

        @Override
        public String toString() {
            return buffers + " buffers, " + bytes + " bytes, allocated at " + where;
        }
    }

    /** Whether nothing was left open. */
    public boolean isEmpty() {
        return buffers == 0;
    }

    @Override
    public String toString() {
        return buffers + " buffers of together " + bytes + " bytes"
                + sites.stream().map(site -> "\n  " + site).collect(Collectors.joining());
    }
}
