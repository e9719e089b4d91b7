// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.zoneblock;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.ZoneAction;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ZoneBlockBdev} on one thread.
 *
 * <p>Thread rule: owned by its thread.
 */
final class ZoneBlockChannel {
    private final ZoneBlockBdev device;
    private final BdevChannel base;
    private final IoCompletion completeParent = (status, io) -> io(io).complete(status);
    private final IoCompletion zoneReset = this::zoneReset;

    ZoneBlockChannel(ZoneBlockBdev device, BdevChannel base) {
        this.device = device;
        this.base = base;
    }

    private static BdevIo io(@Nullable Object userData) {
        return (BdevIo) Objects.requireNonNull(userData);
    }

    void submit(BdevIo io) {
        Zone zone = device.zone(io.type() == IoType.RESET ? 0 : io.offsetBlocks());
        switch (io.type()) {
            case READ -> {
                if (zone.holds(io.offsetBlocks(), io.blockCount())) {
                    base.forward(io);
                } else {
                    io.complete(Zone.BOUNDARY);
                }
            }
            case WRITE -> write(io, zone, io.offsetBlocks());
            case ZONE_APPEND -> write(io, zone, Zone.AT_POINTER);
            case ZONE_MANAGEMENT -> manage(io, zone);
            case GET_ZONE_INFO -> {
                int zones = Math.toIntExact(io.blockCount() / device.zoneBlocks());
                for (int i = 0; i < zones; i++) {
                    io.setZoneInfo(
                            i,
                            device.zone(io.offsetBlocks() + i * device.zoneBlocks())
                                    .info());
                }
                io.complete(IoStatus.SUCCESS);
            }
            default -> base.forward(io);
        }
    }

    private void write(BdevIo io, Zone zone, long block) {
        long at = zone.reserve(block, io.blockCount());
        if (at < 0) {
            io.complete(Zone.refusal(at));
            return;
        }
        if (block == Zone.AT_POINTER) {
            io.setResult(at);
        }
        base.submitChild(io, IoType.WRITE, 0, at, io.blockCount(), completeParent, io);
    }

    private void manage(BdevIo io, Zone zone) {
        if (io.zoneAction() != ZoneAction.RESET) {
            io.complete(zone.change(io.zoneAction()));
        } else if (!zone.beginReset()) {
            io.complete(zone.isEmpty() ? IoStatus.SUCCESS : Zone.INVALID_TRANSITION);
        } else if (device.unmaps()) {
            base.submitChild(io, IoType.UNMAP, 0, io.offsetBlocks(), device.zoneCapacity(), zoneReset, io);
        } else {
            zoneReset(IoStatus.SUCCESS, io);
        }
    }

    private void zoneReset(IoStatus status, @Nullable Object userData) {
        BdevIo io = io(userData);
        device.zone(io.offsetBlocks()).endReset(status.isSuccess());
        io.complete(status);
    }

    void abort(BdevIo target, BdevIo abort) {
        base.forwardAbort(target, abort);
    }

    void close() {
        base.close();
    }
}
