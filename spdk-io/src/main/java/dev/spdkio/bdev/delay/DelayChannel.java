// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.delay;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link DelayBdev} on one thread. A read or write is done first, and told late; a zero copy is begun or ended late.
 *
 * <p>Thread rule: owned by its thread.
 */
@SuppressWarnings("EnumOrdinal") // lanes by type, never stored
final class DelayChannel implements IoCompletion {
    private static final LatencyType[] TYPES = LatencyType.values();

    private final DelayBdev device;
    private final BdevChannel base;
    private final SpdkThread thread;
    private final DelayLane[] lanes = new DelayLane[TYPES.length];
    private final DelayLane.Exit whenDue = this::leave;
    private final DelayLane.Exit whenReset = this::leaveEarly;
    private final Poller poller;
    private long armedFor = DelayLane.NEVER;
    private long random;

    DelayChannel(DelayBdev device, BdevChannel base, SpdkThread thread) {
        this.device = device;
        this.base = base;
        this.thread = thread;
        this.random = thread.id() * 0x9E3779B97F4A7C15L | 1;
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new DelayLane();
        }
        this.poller = thread.poller("delay of " + base)
                .period(Duration.ofDays(1))
                .background()
                .body(this::poll)
                .register();
        poller.pause();
    }

    void submit(BdevIo io) {
        DelayLatencies latencies = device.latencies();
        if (latencies == DelayLatencies.NONE) {
            base.forward(io);
            return;
        }
        switch (io.type()) {
            case READ -> transfer(io, latencies, LatencyType.AVG_READ, LatencyType.P99_READ);
            case WRITE -> transfer(io, latencies, LatencyType.AVG_WRITE, LatencyType.P99_WRITE);
            case ZCOPY -> {
                if (io.isZcopyStart() ? io.zcopyPopulate() : io.zcopyCommit()) {
                    boolean reads = io.isZcopyStart();
                    LatencyType type = draw(
                            reads ? LatencyType.AVG_READ : LatencyType.AVG_WRITE,
                            reads ? LatencyType.P99_READ : LatencyType.P99_WRITE);
                    enter(io, type, null);
                } else {
                    base.forward(io);
                }
            }
            default -> base.forward(io);
        }
    }

    private void transfer(BdevIo io, DelayLatencies latencies, LatencyType most, LatencyType few) {
        LatencyType type = draw(most, few);
        if (latencies.micros(type) == 0) {
            base.forward(io);
            return;
        }
        io.setDriverLong(type.ordinal());
        base.submitChild(io, io.type(), 0, io.offsetBlocks(), io.blockCount(), this, io);
    }

    /** One of a hundred is one of the few. */
    private LatencyType draw(LatencyType most, LatencyType few) {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return Long.remainderUnsigned(random, 100) == 0 ? few : most;
    }

    @Override
    public void completed(IoStatus status, @Nullable Object userData) {
        BdevIo io = (BdevIo) Objects.requireNonNull(userData);
        enter(io, TYPES[(int) io.driverLong()], status);
    }

    private void enter(BdevIo io, LatencyType type, @Nullable IoStatus status) {
        DelayLane lane = lanes[type.ordinal()];
        lane.add(io, status, thread.now() + device.latencies().micros(type) * 1000);
        arm();
    }

    /** The poller runs when the first of a lane is due, and not at all while nothing waits. */
    private void arm() {
        long next = DelayLane.NEVER;
        for (DelayLane lane : lanes) {
            next = Math.min(next, lane.nextDue());
        }
        if (next == armedFor) {
            return;
        }
        armedFor = next;
        if (next == DelayLane.NEVER) {
            poller.pause();
        } else {
            poller.retime(Duration.ofNanos(Math.max(1, next - thread.now())));
            poller.resume();
        }
    }

    private Poller.Result poll() {
        armedFor = DelayLane.NEVER - 1; // nothing: whatever is next must be asked for again
        long now = thread.now();
        int out = 0;
        for (DelayLane lane : lanes) {
            out += lane.poll(now, whenDue);
        }
        arm();
        return out == 0 ? Poller.Result.IDLE : Poller.Result.BUSY;
    }

    private void leave(BdevIo io, @Nullable IoStatus status) {
        if (status == null) {
            base.forward(io);
        } else {
            io.complete(status);
        }
    }

    /** The end of a zero copy gives something back, which nothing may keep it from. */
    private void leaveEarly(BdevIo io, @Nullable IoStatus status) {
        if (io.type() == IoType.ZCOPY && !io.isZcopyStart()) {
            base.forward(io);
        } else {
            io.complete(IoStatus.ABORTED);
        }
    }

    void abort(BdevIo target, BdevIo abort) {
        for (DelayLane lane : lanes) {
            if (lane.remove(target)) {
                target.complete(IoStatus.ABORTED);
                abort.complete(IoStatus.SUCCESS);
                return;
            }
        }
        base.forwardAbort(target, abort);
    }

    /** Ends what waits. In a message. */
    void abortAll() {
        for (DelayLane lane : lanes) {
            lane.drain(whenReset);
        }
        arm();
    }

    void reset(BdevIo io) {
        base.forward(io);
    }

    void close() {
        poller.close();
        base.close();
    }
}
