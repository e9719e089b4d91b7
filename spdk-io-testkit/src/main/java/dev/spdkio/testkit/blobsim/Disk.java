// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.blobsim;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A device that answers late, in any order, and sometimes not as one wishes. One OS thread. */
final class Disk implements BdevOps<Disk.Channel> {
    static final int BLOCK = 512;

    private static final Duration TURN = Duration.ofNanos(500);

    private record Item(BdevIo io, long due) {}

    /** The device on one thread. */
    static final class Channel {
        private final SpdkThread thread;
        private final List<Item> items = new ArrayList<>();
        private final Poller poller;

        Channel(SpdkThread thread, Disk disk) {
            this.thread = thread;
            this.poller = thread.poller("simulated disk")
                    .period(TURN)
                    .body(() -> disk.poll(this))
                    .register();
        }
    }

    final byte[] bytes;
    private final MemorySegment storage;
    private final SplittableRandom random;
    private final long latencyNanos;
    private final double performsEarly;

    /** How likely it has no room, and how likely it fails. */
    double noRoom;

    double failure;

    /** How likely it forgets a write, which no device may: tests see whether that is found. */
    double loses;

    /** Times it did. */
    long faults;

    Disk(byte[] bytes, SplittableRandom random) {
        this.bytes = bytes;
        this.storage = MemorySegment.ofArray(bytes);
        this.random = random;
        this.latencyNanos = 1 + random.nextLong(30_000);
        this.performsEarly = random.nextDouble();
    }

    @Override
    public void submit(Channel ch, BdevIo io) {
        if (random.nextDouble() < noRoom) {
            faults++;
            io.complete(IoStatus.NOMEM);
            return;
        }
        if (random.nextDouble() < failure) {
            faults++;
            if (random.nextBoolean()) {
                perform(io); // and says that it did not
            }
            io.complete(IoStatus.aio(5));
            return;
        }
        ch.items.add(new Item(io, ch.thread.now() + random.nextLong(latencyNanos)));
    }

    private Poller.Result poll(Channel ch) {
        long now = ch.thread.now();
        boolean busy = false;
        for (int i = ch.items.size() - 1; i >= 0; i--) {
            Item item = ch.items.get(i);
            if (item.due <= now) {
                ch.items.remove(i);
                perform(item.io);
                item.io.complete(IoStatus.SUCCESS);
                busy = true;
            } else if (item.io.type() == IoType.WRITE && random.nextDouble() < performsEarly) {
                perform(item.io);
            }
        }
        return busy ? Poller.Result.BUSY : Poller.Result.IDLE;
    }

    private void perform(BdevIo io) {
        long at = io.offsetBytes();
        switch (io.type()) {
            case READ, WRITE -> {
                if (io.type() == IoType.WRITE && loses > 0 && random.nextDouble() < loses) {
                    return;
                }
                for (int i = 0; i < io.segmentCount(); i++) {
                    long length = io.length(i);
                    if (io.type() == IoType.READ) {
                        MemorySegment.copy(storage, at, io.memory(i), io.memoryOffset(i), length);
                    } else {
                        MemorySegment.copy(io.memory(i), io.memoryOffset(i), storage, at, length);
                    }
                    at += length;
                }
            }
            case WRITE_ZEROES, UNMAP -> storage.asSlice(at, io.lengthBytes()).fill((byte) 0);
            default -> {} // flush, reset
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, FLUSH, RESET, WRITE_ZEROES -> true;
            default -> false;
        };
    }

    @Override
    public Channel openChannel(SpdkThread thread) {
        return new Channel(thread, this);
    }

    @Override
    public void closeChannel(Channel ch) {
        ch.poller.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.completedFuture(null);
    }
}
