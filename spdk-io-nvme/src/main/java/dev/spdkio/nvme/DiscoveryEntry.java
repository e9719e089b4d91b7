// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row of a discovery service's log. Stands for {@code struct spdk_nvmf_discovery_log_page_entry}.
 *
 * @param transportId where the subsystem, or the other service, is
 * @param subtype what it is: {@link #REFERRAL}, {@link #NVM} or {@link #CURRENT}
 * @param portId the port of the subsystem
 * @param controllerId 0xFFFF for one that is made at connect
 * @param maxAdminQueueSize entries of the admin queue at most
 */
public record DiscoveryEntry(
        TransportId transportId, int subtype, int portId, int controllerId, int maxAdminQueueSize) {
    /** Another discovery service. */
    public static final int REFERRAL = 1;

    /** A subsystem with namespaces. */
    public static final int NVM = 2;

    /** The discovery service that gave the log. */
    public static final int CURRENT = 3;

    /** The log page. */
    static final int LOG_PAGE = 0x70;

    static final int HEADER_BYTES = 1024;
    static final int ENTRY_BYTES = 1024;

    /** The row at {@code offset}, or null if its transport is none that is known. */
    static @Nullable DiscoveryEntry read(MemorySegment log, long offset) {
        Bytes row = new Bytes(log.asSlice(offset, ENTRY_BYTES));
        TransportType type = switch (row.u8(0)) {
            case 1 -> TransportType.RDMA;
            case 2 -> TransportType.FC;
            case 3 -> TransportType.TCP;
            default -> null;
        };
        if (type == null) {
            return null;
        }
        try {
            TransportId id = new TransportId(
                    type.text(),
                    AddressFamily.ofCode(row.u8(1)).orElse(null),
                    row.text(512, 256),
                    row.text(32, 32),
                    row.text(256, 256),
                    0);
            return new DiscoveryEntry(id, row.u8(2), row.u16(4), row.u16(6), row.u16(8));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** All rows of a log that are known. */
    static List<DiscoveryEntry> readAll(MemorySegment log, long count) {
        List<DiscoveryEntry> entries = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            DiscoveryEntry e = read(log, HEADER_BYTES + i * ENTRY_BYTES);
            if (e != null) {
                entries.add(e);
            }
        }
        return entries;
    }
}
