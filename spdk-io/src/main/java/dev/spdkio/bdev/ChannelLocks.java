// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The locked ranges of a device as one channel sees them, and what it holds back because of them.
 *
 * <p>Thread rule: owned by its thread.
 */
final class ChannelLocks {
    /** How often a lock looks whether what was on its way before has ended; SPDK's number. */
    private static final Duration CLEAR_PERIOD = Duration.ofNanos(100_000);

    /** The end of what would be held back beyond {@link BdevOptions#ioWaitLimit}. */
    private static final IoStatus TOO_MANY = IoStatus.aio(Errno.EAGAIN);

    private final DeviceChannel channel;
    private final List<BdevLocks.Hold> holds = new ArrayList<>();
    private final ArrayDeque<BdevIo> held = new ArrayDeque<>();

    ChannelLocks(DeviceChannel channel) {
        this.channel = channel;
    }

    /** From now on holds back what would change that range; {@code clear} runs when nothing is under way that does. */
    void add(BdevLocks.Hold hold, Runnable clear) {
        if (!holds.contains(hold)) {
            holds.add(hold);
            channel.setLocked(true);
        }
        if (!channel.hasUnderWay(hold::holdsBack)) {
            clear.run();
            return;
        }
        Poller[] poller = new Poller[1];
        poller[0] = channel.thread
                .poller("lock of bdev " + channel.bdev.name())
                .period(CLEAR_PERIOD)
                .body(() -> {
                    if (channel.hasUnderWay(hold::holdsBack)) {
                        return Poller.Result.IDLE;
                    }
                    poller[0].close();
                    clear.run();
                    return Poller.Result.BUSY;
                })
                .register();
    }

    /** Keeps an I/O that has to wait for a range, and gives its slot to others meanwhile. False if it need not. */
    boolean holdBack(BdevIo io) {
        if (holds.stream().noneMatch(hold -> hold.holdsBack(io))) {
            return false;
        }
        // What may not be aborted, such as the end of a zero copy, is bounded by what came before.
        if (held.size() < channel.bdev.manager.options().ioWaitLimit() || !io.mayBeAborted()) {
            held.addLast(channel.hub.park(io));
        } else {
            channel.hub.deferEnd(io, TOO_MANY);
        }
        return true;
    }

    /** Forgets ranges that were let go; what was held back goes on, or waits for another range. */
    void prune() {
        holds.removeIf(BdevLocks.Hold::isReleased);
        channel.setLocked(!holds.isEmpty());
        List<BdevIo> goOn = List.copyOf(held);
        held.clear();
        goOn.forEach(parked -> channel.dispatch(channel.hub.unpark(parked)));
    }

    /** What is held back. */
    List<BdevIo> held(Predicate<BdevIo> which) {
        return held.stream().filter(which).toList();
    }

    /** Takes out what is held back. */
    List<BdevIo> takeHeld(Predicate<BdevIo> which) {
        List<BdevIo> taken = new ArrayList<>();
        for (BdevIo io : held) {
            if (io.mayBeAborted() && which.test(io)) {
                taken.add(io);
            }
        }
        held.removeAll(taken);
        return taken;
    }
}
