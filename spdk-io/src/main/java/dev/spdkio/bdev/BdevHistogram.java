// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import org.jspecify.annotations.Nullable;

/**
 * Whether the times of a device's I/O are counted, and what was counted on channels that are gone.
 *
 * <p>Thread rule: any thread.
 */
final class BdevHistogram {
    private boolean enabled;
    private @Nullable IoType only;
    private HistogramShape shape = HistogramShape.DEFAULT;

    /** There are many devices, and few that count. */
    private @Nullable LatencyHistogram gone;

    synchronized void set(boolean enable, @Nullable IoType type, HistogramShape wanted) {
        if (!enable || !enabled || only != type || !shape.equals(wanted)) {
            gone = null;
        }
        enabled = enable;
        only = type;
        shape = wanted;
    }

    synchronized boolean isEnabled() {
        return enabled;
    }

    /** The one type that is counted; null for all. */
    synchronized @Nullable IoType only() {
        return only;
    }

    synchronized HistogramShape shape() {
        return shape;
    }

    /** Has a channel count, or not, as is wanted now. On its thread. */
    synchronized void apply(ChannelStats stats) {
        LatencyHistogram h = stats.histogram;
        if (!enabled) {
            stats.histogram = null;
        } else if (h == null || stats.histogramOf != only || !h.shape().equals(shape)) {
            stats.histogram = new LatencyHistogram(shape);
        }
        stats.histogramOf = only;
    }

    synchronized void channelGone(ChannelStats stats) {
        LatencyHistogram h = stats.histogram;
        if (!enabled || h == null || !h.shape().equals(shape)) {
            return;
        }
        if (gone == null) {
            gone = h;
        } else {
            gone.add(h);
        }
    }

    /** What was counted on channels that are gone. */
    synchronized LatencyHistogram begin(boolean reset) {
        LatencyHistogram sum = new LatencyHistogram(shape);
        if (gone != null) {
            sum.add(gone);
        }
        if (reset) {
            gone = null;
        }
        return sum;
    }

    /** Adds what a channel has counted, unless that is being changed. On its thread. */
    static void addLive(LatencyHistogram sum, ChannelStats stats, boolean reset) {
        LatencyHistogram h = stats.histogram;
        if (h != null && h.shape().equals(sum.shape())) {
            sum.add(h);
            if (reset) {
                h.clear();
            }
        }
    }
}
