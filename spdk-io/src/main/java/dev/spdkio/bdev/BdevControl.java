// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Bdev} has done, how long that took, and how much it may do: statistics, histograms, queue depth and
 * limits.
 *
 * <p>Thread rule: any thread.
 */
public abstract sealed class BdevControl permits Bdev {
    private final Bdev bdev = (Bdev) this;
    final BdevQos qos = new BdevQos();
    private final BdevHistogram histogram = new BdevHistogram();
    private final QueueDepthSampler depthSampler = new QueueDepthSampler(bdev);

    private final Object lock = new Object();

    /** Null as long as no channel was closed: there may be many devices. */
    private @Nullable ChannelStats closedChannels;

    private final Set<ChannelStats> liveChannels = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<StatsReading> readings = new ArrayList<>();

    BdevControl() {}

    /** Has a channel do what is in force. On its thread. */
    final void control(DeviceChannel channel) {
        channel.setLimited(qos.isLimited());
        histogram.apply(channel.stats);
    }

    /** The device is gone. On the app thread. */
    final void stopSampling() {
        depthSampler.set(Duration.ZERO);
    }

    /** Changes something on the app thread, and then each channel on its own. */
    private CompletableFuture<Void> onAllChannels(Runnable first, Consumer<DeviceChannel> change) {
        CompletableFuture<Void> result = bdev.manager.runtime().newFuture();
        bdev.manager.appThread().execute(() -> {
            first.run();
            bdev.ioDevice.forEachChannel(
                    i -> {
                        change.accept(i.context());
                        i.next();
                    },
                    failure -> {
                        if (failure != null) {
                            result.completeExceptionally(failure);
                        } else {
                            result.complete(null);
                        }
                    });
        });
        return result;
    }

    // ---- statistics ------------------------------------------------------------------------------------------------

    /** What it has done on all threads so far. Any thread. */
    public CompletableFuture<BdevStats> stats() {
        return stats(BdevStats.Reset.NONE);
    }

    /** {@link #stats()}, setting back what {@code mode} says. Any thread; {@code spdk_bdev_get_device_stat}. */
    public CompletableFuture<BdevStats> stats(BdevStats.Reset mode) {
        CompletableFuture<BdevStats> result = bdev.manager.runtime().newFuture();
        StatsReading reading = new StatsReading(mode);
        bdev.manager.appThread().execute(() -> {
            synchronized (lock) {
                readings.add(reading);
                if (closedChannels != null) {
                    reading.sum.add(closedChannels);
                    closedChannels.reset(mode);
                }
            }
            bdev.ioDevice.forEachChannel(
                    i -> {
                        synchronized (lock) {
                            reading.take(i.context().stats);
                        }
                        i.next();
                    },
                    failure -> {
                        synchronized (lock) {
                            readings.remove(reading);
                            liveChannels.forEach(reading::addUnvisited);
                        }
                        if (failure != null) {
                            result.completeExceptionally(failure);
                        } else {
                            result.complete(BdevStats.of(reading.sum));
                        }
                    });
        });
        return result;
    }

    /** A reading of the statistics under way: no channel that comes to its end meanwhile is missed or counted twice. */
    private static final class StatsReading {
        final ChannelStats sum = new ChannelStats();
        private final BdevStats.Reset mode;
        private final Set<ChannelStats> taken = Collections.newSetFromMap(new IdentityHashMap<>());

        StatsReading(BdevStats.Reset mode) {
            this.mode = mode;
        }

        void take(ChannelStats one) {
            if (taken.add(one)) {
                sum.add(one);
                one.reset(mode);
            }
        }

        /** A channel that nobody holds any more is not visited; what is not set back may be read from here. */
        void addUnvisited(ChannelStats one) {
            if (mode == BdevStats.Reset.NONE && !taken.contains(one)) {
                sum.add(one);
            }
        }
    }

    void channelOpened(DeviceChannel channel) {
        synchronized (lock) {
            liveChannels.add(channel.stats);
        }
    }

    void channelClosed(DeviceChannel channel) {
        synchronized (lock) {
            liveChannels.remove(channel.stats);
            readings.forEach(r -> r.take(channel.stats));
            if (closedChannels == null) {
                closedChannels = channel.stats; // nobody counts on it any more
            } else {
                closedChannels.add(channel.stats);
            }
            histogram.channelGone(channel.stats);
            channel.stats.histogram = null;
        }
    }

    /** What the threads that use it now have done, each for itself, setting back what {@code mode} says. Any thread. */
    public CompletableFuture<Map<SpdkThread, BdevStats>> statsByThread(BdevStats.Reset mode) {
        Map<SpdkThread, BdevStats> all = new LinkedHashMap<>(); // written by one thread after the other
        return onAllChannels(() -> {}, ch -> {
                    all.put(ch.thread, BdevStats.of(ch.stats));
                    ch.stats.reset(mode);
                })
                .thenApply(_ -> all);
    }

    /**
     * Counts from now on how long I/O takes, or not any more. Any thread; {@code spdk_bdev_histogram_enable}.
     *
     * @param only the one type to count; null for all
     * @return completes when it is so on all threads
     */
    public CompletableFuture<Void> enableHistogram(boolean enable, @Nullable IoType only) {
        return enableHistogram(enable, only, HistogramShape.DEFAULT);
    }

    /** The same in buckets of that shape; what was counted in others is forgotten. */
    public CompletableFuture<Void> enableHistogram(boolean enable, @Nullable IoType only, HistogramShape shape) {
        Objects.requireNonNull(shape, "shape");
        return onAllChannels(() -> histogram.set(enable, only, shape), ch -> histogram.apply(ch.stats));
    }

    /** Whether {@link #histogram} has something to give. */
    public boolean isHistogramEnabled() {
        return histogram.isEnabled();
    }

    /** The one type whose times are counted; null for all. */
    public @Nullable IoType histogramType() {
        return histogram.only();
    }

    /** The shape in which times are counted. */
    public HistogramShape histogramShape() {
        return histogram.shape();
    }

    /**
     * How long I/O has taken, on all threads, from submit to end; what failed included. Any thread; {@code
     * spdk_bdev_histogram_get}.
     *
     * @param reset whether to begin anew
     * @return fails with EFAULT if it is not {@linkplain #enableHistogram enabled}
     */
    public CompletableFuture<LatencyHistogram> histogram(boolean reset) {
        if (!histogram.isEnabled()) {
            return CompletableFuture.failedFuture(new SpdkException(
                    Errno.EFAULT, "bdev " + bdev.name() + " does not count times: enableHistogram first"));
        }
        LatencyHistogram[] sum = new LatencyHistogram[1]; // one thread after the other adds to it
        return onAllChannels(
                        () -> sum[0] = histogram.begin(reset), ch -> BdevHistogram.addLive(sum[0], ch.stats, reset))
                .thenApply(_ -> sum[0]);
    }

    /** The same for each thread that uses it now. Any thread. */
    public CompletableFuture<Map<SpdkThread, LatencyHistogram>> histogramByThread() {
        Map<SpdkThread, LatencyHistogram> all = new LinkedHashMap<>();
        return onAllChannels(() -> {}, ch -> {
                    LatencyHistogram copy = new LatencyHistogram(histogram.shape());
                    BdevHistogram.addLive(copy, ch.stats, false);
                    all.put(ch.thread, copy);
                })
                .thenApply(_ -> all);
    }

    /** Looks that often how many I/Os the device has; zero to stop. Any thread; {@code bdev_set_qd_sampling_period}. */
    public void setQueueDepthSampling(Duration period) {
        if (period.isNegative()) {
            throw new IllegalArgumentException(
                    "bdev " + bdev.name() + ": a period of " + period + ": give zero to stop");
        }
        bdev.manager.appThread().execute(() -> depthSampler.set(bdev.isRegistered() ? period : Duration.ZERO));
    }

    /** What was found, or null if it is not {@linkplain #setQueueDepthSampling looked for}. */
    public @Nullable QueueDepth queueDepth() {
        return depthSampler.last();
    }

    // ---- limits ----------------------------------------------------------------------------------------------------

    /**
     * Limits what the device does in a second, for all users in this hub and on all threads together, or not any more;
     * what waits goes on by the new limits. Each channel gets an equal share of what others leave. Any thread; {@code
     * spdk_bdev_set_qos_rate_limits}.
     *
     * @return completes when it is in force on all threads
     */
    public CompletableFuture<Void> setQosLimits(QosLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return onAllChannels(
                () -> qos.set(limits, bdev.manager.runtime().clock().nanoTime()), ch -> ch.setLimited(qos.isLimited()));
    }

    /** The limits in force. */
    public QosLimits qosLimits() {
        return qos.limits();
    }
}
