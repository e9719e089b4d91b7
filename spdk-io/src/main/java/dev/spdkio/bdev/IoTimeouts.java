// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks from time to time for requests of a descriptor that take too long. Requests themselves pay nothing for it.
 *
 * <p>Each look takes those that became too old since the last one, so that each is told once.
 *
 * <p>Thread rule: owned by the thread of the descriptor, but for {@link Look#find}.
 */
final class IoTimeouts {
    private static final Logger LOG = System.getLogger(IoTimeouts.class.getName());

    /** How often a look is taken within the time allowed, and the bounds of that. */
    private static final int LOOKS = 4;

    private static final Duration LONGEST_PERIOD = Duration.ofSeconds(1);
    private static final Duration SHORTEST_PERIOD = Duration.ofMillis(1);

    private final BdevDesc desc;
    private Map<BdevChannel, Look> looks = new HashMap<>();
    private @Nullable Poller poller;

    IoTimeouts(BdevDesc desc) {
        this.desc = desc;
    }

    void set(Duration limit, IoTimeoutListener listener) {
        stop();
        looks = new HashMap<>();
        if (limit.isZero() || desc.isClosed()) {
            return;
        }
        Duration period = limit.dividedBy(LOOKS);
        period = period.compareTo(LONGEST_PERIOD) > 0 ? LONGEST_PERIOD : period;
        period = period.compareTo(SHORTEST_PERIOD) < 0 ? SHORTEST_PERIOD : period;
        poller = desc.thread()
                .poller("I/O timeouts of bdev " + desc.bdev().name())
                .period(period)
                .background()
                .body(() -> look(limit.toNanos(), listener))
                .register();
    }

    void stop() {
        Poller p = poller;
        poller = null;
        if (p != null) {
            p.close();
        }
    }

    private Poller.Result look(long limitNanos, IoTimeoutListener listener) {
        List<BdevChannel> channels = desc.channels();
        looks.keySet().retainAll(channels);
        for (BdevChannel ch : channels) {
            looks.computeIfAbsent(ch, Look::new).begin(limitNanos, listener);
        }
        return Poller.Result.BUSY;
    }

    /** What is known of one channel. One look at a time, however long its thread takes. */
    private final class Look {
        private final BdevChannel channel;
        private boolean underWay;

        /** Everything that was submitted until then is known. On the channel's thread. */
        private long known = Long.MIN_VALUE;

        Look(BdevChannel channel) {
            this.channel = channel;
        }

        void begin(long limitNanos, IoTimeoutListener listener) {
            if (!underWay) {
                underWay = channel.thread().trySendInternal(() -> find(limitNanos, listener));
            }
        }

        private void find(long limitNanos, IoTimeoutListener listener) {
            SpdkThread owner = desc.thread();
            long until = channel.thread().now() - limitNanos;
            List<TimedOutIo> found = new ArrayList<>();
            channel.device().visitRequests(channel, (io, submitted) -> {
                if (submitted > known && submitted <= until) {
                    found.add(io.get());
                }
            });
            known = Math.max(known, until);
            owner.trySendInternal(() -> {
                underWay = false;
                found.forEach(io -> tell(io, listener));
            });
        }

        private void tell(TimedOutIo io, IoTimeoutListener listener) {
            if (poller == null || desc.isClosed()) {
                return;
            }
            try {
                listener.timedOut(io);
            } catch (Throwable t) {
                LOG.log(Level.ERROR, "a listener for I/O that takes too long threw on " + io, t);
            }
        }
    }
}
