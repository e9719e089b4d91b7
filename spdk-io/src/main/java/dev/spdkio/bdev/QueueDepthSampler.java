// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Looks from time to time how many I/Os a device has.
 *
 * <p>Thread rule: owned by the app thread, but for {@link #last}.
 */
final class QueueDepthSampler {
    private final Bdev bdev;
    private @Nullable Poller poller;
    private boolean looking;
    private volatile @Nullable QueueDepth last;

    QueueDepthSampler(Bdev bdev) {
        this.bdev = bdev;
    }

    @Nullable
    QueueDepth last() {
        return last;
    }

    void set(Duration period) {
        Poller p = poller;
        poller = null;
        if (p != null) {
            p.close();
        }
        if (period.isZero()) {
            last = null;
            return;
        }
        QueueDepth before = last;
        last = before == null
                ? new QueueDepth(period, 0, Duration.ZERO, Duration.ZERO)
                : new QueueDepth(period, before.depth(), before.ioTime(), before.weightedIoTime());
        poller = bdev.manager()
                .appThread()
                .poller("queue depth of bdev " + bdev.name())
                .period(period)
                .background()
                .body(this::look)
                .register();
    }

    private Poller.Result look() {
        if (!looking) {
            looking = true;
            long[] sum = new long[1]; // written by one thread after the other
            bdev.ioDevice.forEachChannel(
                    i -> {
                        sum[0] += i.context().outstanding;
                        i.next();
                    },
                    _ -> {
                        looking = false;
                        QueueDepth before = last;
                        if (before != null) {
                            last = before.next(sum[0]);
                        }
                    });
        }
        return Poller.Result.BUSY;
    }
}
