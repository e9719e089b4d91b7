// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What sampling has found of how many I/Os a device has at once. Stands for {@code spdk_bdev_get_qd} and its like.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param period how often it is looked
 * @param depth I/Os at the device when it was looked last, on all threads
 * @param ioTime for how long it has had any
 * @param weightedIoTime the same times how many
 */
public record QueueDepth(Duration period, long depth, Duration ioTime, Duration weightedIoTime) {
    QueueDepth next(long found) {
        return new QueueDepth(
                period,
                found,
                found == 0 ? ioTime : ioTime.plus(period),
                found == 0 ? weightedIoTime : weightedIoTime.plus(period.multipliedBy(found)));
    }

    /** By SPDK's names ({@code bdev_get_iostat}), in microseconds. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("queue_depth_polling_period", micros(period));
        json.put("queue_depth", depth);
        json.put("io_time", micros(ioTime));
        json.put("weighted_io_time", micros(weightedIoTime));
        return json;
    }

    private static long micros(Duration d) {
        return TimeUnit.MICROSECONDS.convert(d);
    }
}
