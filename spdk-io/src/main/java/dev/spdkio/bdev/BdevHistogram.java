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
    private final LatencyHistogram gone = new LatencyHistogram();

    synchronized void set(boolean enable, @Nullable IoType type) {
        if (!enable || !enabled || only != type) {
            gone.clear();
        }
        enabled = enable;
        only = type;
    }

    synchronized boolean isEnabled() {
        return enabled;
    }

    /** The one type that is counted; null for all. */
    synchronized @Nullable IoType only() {
        return only;
    }

    /** Has a channel count, or not, as is wanted now. On its thread. */
    synchronized void apply(ChannelStats stats) {
        if (!enabled) {
            stats.histogram = null;
        } else if (stats.histogram == null || stats.histogramOf != only) {
            stats.histogram = new LatencyHistogram();
        }
        stats.histogramOf = only;
    }

    synchronized void channelGone(ChannelStats stats) {
        LatencyHistogram h = stats.histogram;
        if (enabled && h != null) {
            gone.add(h);
        }
    }

    /** Adds what was counted on channels that are gone. */
    synchronized void addGone(LatencyHistogram sum, boolean reset) {
        sum.add(gone);
        if (reset) {
            gone.clear();
        }
    }

    /** Adds what a channel has counted. On its thread. */
    static void addLive(LatencyHistogram sum, ChannelStats stats, boolean reset) {
        LatencyHistogram h = stats.histogram;
        if (h != null) {
            sum.add(h);
            if (reset) {
                h.clear();
            }
        }
    }
}
