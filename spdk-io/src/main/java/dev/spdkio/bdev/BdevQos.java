// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.ArrayList;
import java.util.List;

/**
 * What keeps one device within its {@link QosLimits}, whoever submits on whatever thread. Stands for {@code struct
 * spdk_bdev_qos}.
 *
 * <p>A limit is a clock that runs ahead by what each I/O is worth: while it is ahead of the real one, I/O waits. What
 * waits goes on in the order of what the channels have had, the least first, so that each gets its share however deep
 * its queue is; within a channel first come first served, reads and writes apart. Whichever channel looks first lets
 * all of them go on: no thread is in charge, and a device on which nothing waits costs nothing.
 *
 * <p>As in SPDK reads, writes, NVMe commands and the starts of zero copies count, as what the device is given.
 *
 * <p>Thread rule: any thread, under its lock.
 */
final class BdevQos {
    /** How much may go at once after a pause: what a limit is worth in this time; SPDK's number. */
    private static final long TIMESLICE_NANOS = 1_000_000;

    /** How late the threads may look while I/O waits without anything being lost. */
    private static final long CATCH_UP_NANOS = 100_000_000;

    /** For how long that is so still when nothing waits any more: who has just been let go soon submits again. */
    private static final long GRACE_NANOS = 10_000_000;

    private static final long NANOS = 1_000_000_000;
    private static final long MEBIBYTE = 1 << 20;

    /** One limit. */
    private static final class Limit {
        private final boolean reads;
        private final boolean writes;
        private final boolean ofBytes;

        /** What one I/O or byte is worth; 0 if there is no limit. */
        private double nanosEach;

        /** Until when what has gone is worth. */
        private long busyUntil = Long.MIN_VALUE;

        /** Whether I/O waited for it when it was looked at last; and, if not, until when it counts as if it did. */
        private boolean awaited;

        private long graceUntil = Long.MIN_VALUE;

        Limit(boolean reads, boolean writes, boolean ofBytes) {
            this.reads = reads;
            this.writes = writes;
            this.ofBytes = ofBytes;
        }

        void set(long perSecond, long now) {
            nanosEach = perSecond == 0 ? 0 : (double) NANOS / perSecond;
            busyUntil = Math.clamp(busyUntil, now - TIMESLICE_NANOS, now);
        }

        boolean concerns(boolean read) {
            return nanosEach > 0 && (read ? reads : writes);
        }

        /** What an I/O costs, which may go if there is anything left: a large one is paid for afterwards. */
        long take(BdevIo io, long now) {
            long cost = Math.round(nanosEach * (ofBytes ? bytes(io) : 1));
            long unused = awaited || now <= graceUntil ? CATCH_UP_NANOS : TIMESLICE_NANOS;
            busyUntil = Math.max(busyUntil, now - unused) + cost;
            return cost;
        }
    }

    private final Limit[] each = {
        new Limit(true, true, false),
        new Limit(true, true, true),
        new Limit(true, false, true),
        new Limit(false, true, true)
    };
    private final List<ChannelQos> waiting = new ArrayList<>();
    private QosLimits limits = QosLimits.NONE;

    /** What the channel that went last had had. */
    private long lastTurn;

    synchronized QosLimits limits() {
        return limits;
    }

    synchronized boolean isLimited() {
        return !limits.equals(QosLimits.NONE);
    }

    synchronized void set(QosLimits value, long now) {
        limits = value;
        long[] perSecond = {
            value.iops(), bytes(value.mebibytes()), bytes(value.readMebibytes()), bytes(value.writeMebibytes())
        };
        for (int i = 0; i < each.length; i++) {
            each[i].set(perSecond[i], now);
        }
    }

    private static long bytes(long mebibytes) {
        return mebibytes > Long.MAX_VALUE / MEBIBYTE ? Long.MAX_VALUE : mebibytes * MEBIBYTE;
    }

    static boolean isLimited(BdevIo io) {
        return switch (io.type) {
            case READ, WRITE, NVME_IO -> true;
            case ZCOPY -> io.isZcopyStart();
            default -> false;
        };
    }

    private static boolean isRead(BdevIo io) {
        return switch (io.type) {
            case READ -> true;
            case ZCOPY -> io.zcopyPopulate();
            case NVME_IO -> (io.nvmeCommand().opcode() & 2) != 0; // from controller to host
            default -> false;
        };
    }

    private static long bytes(BdevIo io) {
        return io.type == IoType.NVME_IO ? (io.segmentCount() == 0 ? 0 : io.length(0)) : io.lengthBytes();
    }

    /** Whether an I/O may go now; else it is queued, and goes when its channel has looked often enough. */
    synchronized boolean admit(ChannelQos channel, BdevIo io, long now) {
        boolean read = isRead(io);
        letGo(now);
        if (channel.isIdle(read) && isFree(read, now)) {
            take(channel, io, read, now);
            return true;
        }
        if (!channel.isWaiting()) {
            channel.had = Math.max(channel.had, lastTurn);
            waiting.add(channel);
        }
        channel.queue(read).addLast(io);
        noteAwaited(now);
        return false;
    }

    /** Lets what waits go on as far as the limits allow, on all channels. */
    synchronized void letGo(long now) {
        while (!waiting.isEmpty()) {
            boolean reads = isFree(true, now);
            boolean writes = isFree(false, now);
            ChannelQos next = null;
            for (ChannelQos c : waiting) {
                if ((next == null || c.had < next.had) && c.first(reads, writes) != null) {
                    next = c;
                }
            }
            if (next == null) {
                break;
            }
            BdevIo io = next.takeFirst(reads, writes);
            lastTurn = next.had;
            take(next, io, isRead(io), now);
            if (!next.isWaiting()) {
                waiting.remove(next);
            }
        }
        noteAwaited(now);
    }

    private void noteAwaited(long now) {
        boolean reads = false;
        boolean writes = false;
        for (ChannelQos c : waiting) {
            reads |= !c.queue(true).isEmpty();
            writes |= !c.queue(false).isEmpty();
        }
        for (Limit l : each) {
            boolean awaited = l.busyUntil > now && ((reads && l.concerns(true)) || (writes && l.concerns(false)));
            if (l.awaited && !awaited) {
                l.graceUntil = now + GRACE_NANOS;
            }
            l.awaited = awaited;
        }
    }

    /** A channel has nothing more that waits. */
    synchronized void leave(ChannelQos channel) {
        waiting.remove(channel);
    }

    private boolean isFree(boolean read, long now) {
        for (Limit l : each) {
            if (l.concerns(read) && l.busyUntil > now) {
                return false;
            }
        }
        return true;
    }

    private void take(ChannelQos channel, BdevIo io, boolean read, long now) {
        long most = 0;
        for (Limit l : each) {
            if (l.concerns(read)) {
                most = Math.max(most, l.take(io, now));
            }
        }
        channel.had += most;
    }
}
