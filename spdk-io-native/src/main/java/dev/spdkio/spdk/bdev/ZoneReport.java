// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.ZoneSpec;
import dev.spdkio.spdk.ffi.ZoneApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * What SPDK writes of the zones of a device, while it does.
 *
 * <p>Thread rule: owned by the thread of its I/O.
 */
final class ZoneReport {
    private final Arena arena = Arena.ofShared();
    private final int zones;
    private final MemorySegment infos;

    private ZoneReport(int zones) {
        this.zones = zones;
        this.infos = arena.allocate(zones * ZoneApi.INFO_BYTES, Long.BYTES);
    }

    /** Asks for it. 0 or a negative error number. */
    static int start(BdevIo io, long channel, long callback, long argument) {
        ZoneSpec spec = Objects.requireNonNull(io.bdev().zones());
        ZoneReport report = new ZoneReport(Math.toIntExact(io.blockCount() / spec.zoneBlocks()));
        int rc = ZoneApi.info(
                io.descHandle(), channel, io.offsetBlocks(), report.zones, report.infos.address(), callback, argument);
        if (rc == 0) {
            io.setDriverRef(report);
        } else {
            report.arena.close();
        }
        return rc;
    }

    /** It is there, or will not come. */
    static void end(BdevIo io, boolean ok) {
        if (io.driverRef() instanceof ZoneReport report) {
            io.setDriverRef(null);
            for (int i = 0; ok && i < report.zones; i++) {
                io.setZoneInfo(i, ZoneApi.info(report.infos, i));
            }
            report.arena.close();
        }
    }
}
