// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What waits on one channel because of the limits of its device.
 *
 * <p>Thread rule: owned by its thread; the queues, and what it has had, belong to whoever has the lock of the {@link
 * BdevQos}.
 */
final class ChannelQos {
    /** How often a channel on which something waits looks whether it may go on. */
    private static final Duration PERIOD = Duration.ofNanos(250_000);

    private final DeviceChannel channel;
    private final BdevQos device;
    private final ArrayDeque<BdevIo> reads = new ArrayDeque<>();
    private final ArrayDeque<BdevIo> writes = new ArrayDeque<>();

    /** What may go as soon as this channel looks. */
    private final ArrayDeque<BdevIo> free = new ArrayDeque<>();

    /** What it has been given, as the time that it is worth. */
    long had;

    private @Nullable Poller poller;

    ChannelQos(DeviceChannel channel) {
        this.channel = channel;
        this.device = channel.bdev.qos;
    }

    // ---- under the lock of the device ------------------------------------------------------------------------------

    ArrayDeque<BdevIo> queue(boolean read) {
        return read ? reads : writes;
    }

    boolean isWaiting() {
        return !reads.isEmpty() || !writes.isEmpty();
    }

    /** Whether nothing is before a new read, or write. */
    boolean isIdle(boolean read) {
        return queue(read).isEmpty() && free.isEmpty();
    }

    /** What comes next if reads, or writes, may go. */
    @Nullable
    BdevIo first(boolean readsMay, boolean writesMay) {
        BdevIo read = readsMay ? reads.peekFirst() : null;
        BdevIo write = writesMay ? writes.peekFirst() : null;
        return write == null || (read != null && read.submitNanos <= write.submitNanos) ? read : write;
    }

    BdevIo takeFirst(boolean readsMay, boolean writesMay) {
        ArrayDeque<BdevIo> from = first(readsMay, writesMay) == reads.peekFirst() ? reads : writes;
        BdevIo io = from.removeFirst();
        free.addLast(io);
        return io;
    }

    // ---- on the thread of the channel ------------------------------------------------------------------------------

    /** Keeps an I/O that has to wait. False if it need not. */
    boolean holdBack(BdevIo io) {
        if (!BdevQos.isLimited(io) || device.admit(this, io, channel.thread.now())) {
            return false;
        }
        io.state = BdevIo.WAITING;
        if (poller == null) {
            poller = channel.thread
                    .poller("limits of bdev " + channel.bdev.name())
                    .period(PERIOD)
                    .body(this::poll)
                    .register();
        }
        return true;
    }

    private Poller.Result poll() {
        return goOn() ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    /** Sends what the limits allow now. */
    boolean goOn() {
        device.letGo(channel.thread.now());
        boolean busy = false;
        for (BdevIo io = nextFree(); io != null; io = nextFree()) {
            channel.toDeviceWithRoom(io);
            busy = true;
        }
        stopIfEmpty();
        return busy;
    }

    private @Nullable BdevIo nextFree() {
        synchronized (device) {
            return free.pollFirst();
        }
    }

    private void stopIfEmpty() {
        synchronized (device) {
            if (isWaiting() || !free.isEmpty()) {
                return;
            }
        }
        Poller p = poller;
        poller = null;
        if (p != null) {
            p.close();
        }
    }

    /** What waits. */
    List<BdevIo> held(Predicate<BdevIo> which) {
        List<BdevIo> held = new ArrayList<>();
        synchronized (device) {
            reads.stream().filter(which).forEach(held::add);
            writes.stream().filter(which).forEach(held::add);
            free.stream().filter(which).forEach(held::add);
        }
        return held;
    }

    /** Takes out what waits. */
    List<BdevIo> takeHeld(Predicate<BdevIo> which) {
        List<BdevIo> taken = held(which);
        synchronized (device) {
            reads.removeAll(taken);
            writes.removeAll(taken);
            free.removeAll(taken);
            if (!isWaiting()) {
                device.leave(this);
            }
        }
        stopIfEmpty();
        return taken;
    }
}
