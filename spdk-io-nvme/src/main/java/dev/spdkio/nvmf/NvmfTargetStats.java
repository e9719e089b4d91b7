// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvmf;

import java.util.List;

/**
 * What a target has done so far; {@code nvmf_get_stats}.
 *
 * @param pollGroups its poll groups, one a reactor
 */
public record NvmfTargetStats(List<NvmfPollGroupStats> pollGroups) {
    /** Its own copy. */
    public NvmfTargetStats {
        pollGroups = List.copyOf(pollGroups);
    }

    /** Controllers of hosts that are connected now, those of discovery included. */
    public long currentAdminQpairs() {
        return pollGroups.stream()
                .mapToLong(NvmfPollGroupStats::currentAdminQpairs)
                .sum();
    }

    /** Queue pairs for I/O that are connected now. */
    public long currentIoQpairs() {
        return pollGroups.stream()
                .mapToLong(NvmfPollGroupStats::currentIoQpairs)
                .sum();
    }

    /** I/O commands that ended. */
    public long completedNvmeIo() {
        return pollGroups.stream()
                .mapToLong(NvmfPollGroupStats::completedNvmeIo)
                .sum();
    }
}
