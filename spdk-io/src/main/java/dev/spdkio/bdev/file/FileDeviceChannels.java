// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoStatus;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The channels of one device, for its resets: a file has no state to reset, so that a reset is the end of all I/O that
 * was in flight. The hub lets no further I/O in meanwhile.
 *
 * <p>Thread rule: any thread.
 */
public final class FileDeviceChannels {
    private final List<FileDeviceChannel> open = new CopyOnWriteArrayList<>();

    /** For a device without channels. */
    public FileDeviceChannels() {}

    /** A channel was opened. */
    public void add(FileDeviceChannel channel) {
        open.add(channel);
    }

    /** A channel was closed. */
    public void remove(FileDeviceChannel channel) {
        open.remove(channel);
    }

    /** Completes {@code reset} when no channel has anything in flight that was so at the beginning. */
    public void reset(BdevIo reset) {
        List<FileDeviceChannel> channels = List.copyOf(open);
        AtomicInteger left = new AtomicInteger(channels.size() + 1);
        Runnable quiet = () -> {
            if (left.decrementAndGet() == 0) {
                reset.completeFromAnyThread(IoStatus.SUCCESS);
            }
        };
        for (FileDeviceChannel channel : channels) {
            // A thread that has exited has nothing in flight.
            if (!channel.thread().trySendInternal(() -> channel.quiesce(quiet))) {
                quiet.run();
            }
        }
        quiet.run();
    }
}
