// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.time.Duration;

/**
 * An I/O that a device was given and has not completed. One at a device that stands on others most often waits for
 * another one, at a device below.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param bdev the name of the device
 * @param productName what kind of device it is
 * @param type what to do
 * @param offsetBlocks the first block
 * @param blockCount how many blocks
 * @param thread the name of the SpdkThread that it belongs to
 * @param submitNanos when it was submitted, by the clock of the runtime
 * @param age how long ago that was
 */
public record PendingIo(
        String bdev,
        String productName,
        IoType type,
        long offsetBlocks,
        long blockCount,
        String thread,
        long submitNanos,
        Duration age) {

    static PendingIo of(Bdev bdev, IoType type, long block, long count, DeviceChannel channel, long submitNanos) {
        long now = bdev.manager.runtime().clock().nanoTime();
        return new PendingIo(
                bdev.name(),
                bdev.productName(),
                type,
                block,
                count,
                channel.thread.name(),
                submitNanos,
                Duration.ofNanos(now - submitNanos));
    }

    @Override
    public String toString() {
        return type.jsonName() + " of " + blockCount + " blocks at block " + offsetBlocks + ", which bdev " + bdev
                + " (" + productName + ") was given " + age + " ago on SpdkThread " + thread
                + " and has not completed";
    }
}
