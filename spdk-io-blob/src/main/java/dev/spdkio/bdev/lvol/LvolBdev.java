// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.store.VolumeChannel;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A volume as a device. */
final class LvolBdev implements BdevOps<VolumeChannel> {
    static final String PRODUCT_NAME = "Logical Volume";

    /** How long a reset waits for the I/O in flight; the device below, which others use too, is left alone. */
    private static final Duration RESET_PATIENCE = Duration.ofSeconds(5);

    private final Lvol lvol;
    private final Blob blob;
    private final List<VolumeChannel> channels = new CopyOnWriteArrayList<>();

    LvolBdev(Lvol lvol, Blob blob) {
        this.lvol = lvol;
        this.blob = blob;
    }

    Lvol lvol() {
        return lvol;
    }

    @Override
    public void submit(VolumeChannel channel, BdevIo io) {
        if (io.type() == IoType.RESET) {
            reset(io);
        } else {
            channel.submit(io);
        }
    }

    /** A reset is the end of all I/O that was in flight. The hub lets no further I/O in meanwhile. */
    private void reset(BdevIo io) {
        ResetEnd end = new ResetEnd(io);
        List<VolumeChannel> open = List.copyOf(channels);
        AtomicInteger left = new AtomicInteger(open.size() + 1);
        Runnable quiet = () -> {
            if (left.decrementAndGet() == 0) {
                io.thread().sendInternal(() -> end.with(IoStatus.SUCCESS));
            }
        };
        for (VolumeChannel channel : open) {
            // A thread that has exited has nothing in flight.
            if (!channel.thread().trySendInternal(() -> channel.whenQuiet(quiet))) {
                quiet.run();
            }
        }
        quiet.run();
    }

    /** The end of a reset, one way or the other. On its thread. */
    private static final class ResetEnd {
        private final BdevIo io;
        private final Poller timer;
        private boolean over;

        ResetEnd(BdevIo io) {
            this.io = io;
            this.timer = io.thread()
                    .poller("reset of bdev " + io.bdev().name())
                    .period(RESET_PATIENCE)
                    .body(() -> {
                        with(IoStatus.FAILED);
                        return Poller.Result.BUSY;
                    })
                    .register();
        }

        void with(IoStatus status) {
            if (!over) {
                over = true;
                timer.close();
                io.complete(status);
            }
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case WRITE, UNMAP, WRITE_ZEROES -> !blob.isReadOnly();
            case READ, RESET, SEEK_DATA, SEEK_HOLE -> true;
            case FLUSH -> lvol.store().base().supports(IoType.FLUSH);
            default -> false;
        };
    }

    @Override
    public VolumeChannel openChannel(SpdkThread thread) {
        VolumeChannel channel = lvol.store().volumes().openChannel(blob);
        channels.add(channel);
        return channel;
    }

    @Override
    public void closeChannel(VolumeChannel channel) {
        channels.remove(channel);
        channel.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return lvol.bdevGone();
    }

    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("lvol", LvolInfo.ofBdev(lvol, blob));
    }
}
