// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A device that remembers what it was asked, stores bytes, and answers when and as the test says. */
class FakeDevice implements BdevOps<FakeDevice.Channel> {
    /** One I/O as it arrived. */
    record Seen(IoType type, long block, long count, List<Long> segments, String thread) {
        static Seen of(BdevIo io) {
            List<Long> segments = new ArrayList<>();
            for (int i = 0; i < io.segmentCount(); i++) {
                segments.add(io.length(i));
            }
            return new Seen(
                    io.type(),
                    io.offsetBlocks(),
                    io.blockCount(),
                    segments,
                    io.thread().name());
        }
    }

    /** How it answers. */
    enum Mode {
        INLINE,
        HOLD,
        RANDOM
    }

    final class Channel {
        final SpdkThread thread;
        final List<BdevIo> late = new ArrayList<>();
        int inFlight;
        Poller poller;

        Channel(SpdkThread thread) {
            this.thread = thread;
        }
    }

    final byte[] bytes;
    final int blockSize;
    final List<Seen> seen = new ArrayList<>();
    final ArrayDeque<BdevIo> held = new ArrayDeque<>();
    final Set<IoType> types =
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.FLUSH, IoType.RESET, IoType.WRITE_ZEROES);
    Mode mode = Mode.INLINE;
    Random random = new Random(0);
    double noMemory;
    double failure;
    int alignment = 1;
    int maxBlocks = Integer.MAX_VALUE;
    int maxSegments = Integer.MAX_VALUE;
    int maxSegmentSize = Integer.MAX_VALUE;
    int boundary;
    int capacity = Integer.MAX_VALUE;
    int mostInFlight;
    int channelsOpen;
    int destructs;
    RuntimeException throwOnSubmit;
    boolean abortable = true;
    boolean givesMemory = true;
    long seekResult;
    final List<NvmeCommand> commands = new ArrayList<>();
    final List<String> zcopyEnds = new ArrayList<>();

    FakeDevice(int blockSize, int blocks) {
        this.blockSize = blockSize;
        this.bytes = new byte[blockSize * blocks];
    }

    @Override
    public void submit(Channel ch, BdevIo io) {
        if (throwOnSubmit != null) {
            throw throwOnSubmit;
        }
        ch.thread.checkCurrent("submit");
        if (ch.inFlight >= capacity || random.nextDouble() < noMemory) {
            io.complete(IoStatus.NOMEM);
            return;
        }
        seen.add(Seen.of(io));
        checkDemands(io);
        ch.inFlight++;
        mostInFlight = Math.max(mostInFlight, ch.inFlight);
        switch (mode) {
            case INLINE -> answer(ch, io);
            case HOLD -> held.add(io);
            case RANDOM -> {
                if (random.nextInt(4) == 0) {
                    answer(ch, io);
                } else {
                    later(ch, io);
                }
            }
        }
    }

    private void checkDemands(BdevIo io) {
        if (io.type() != IoType.READ && io.type() != IoType.WRITE) {
            return;
        }
        long total = 0;
        for (int i = 0; i < io.segmentCount(); i++) {
            total += io.length(i);
            if (io.address(i) % alignment != 0 || io.length(i) > maxSegmentSize) {
                throw new AssertionError("segment " + i + " of " + io + " breaks the device's rules");
            }
        }
        if (total != io.lengthBytes() || io.blockCount() > maxBlocks || io.segmentCount() > maxSegments) {
            throw new AssertionError(io + " with " + io.segmentCount() + " segments breaks the device's rules");
        }
        long last = io.offsetBlocks() + io.blockCount() - 1;
        if (boundary > 0 && io.offsetBlocks() / boundary != last / boundary) {
            throw new AssertionError(io + " crosses a boundary of " + boundary);
        }
    }

    private void later(Channel ch, BdevIo io) {
        ch.late.add(io);
        if (ch.poller == null) {
            ch.poller = ch.thread
                    .poller("fake device")
                    .period(Duration.ofNanos(10_000))
                    .body(() -> {
                        int n = random.nextInt(ch.late.size() + 1);
                        for (int i = 0; i < n; i++) {
                            answer(ch, ch.late.remove(random.nextInt(ch.late.size())));
                        }
                        if (ch.late.isEmpty()) {
                            ch.poller.close();
                            ch.poller = null;
                        }
                        return Poller.Result.BUSY;
                    })
                    .register();
        }
    }

    private void answer(Channel ch, BdevIo io) {
        ch.inFlight--;
        if (random.nextDouble() < failure) {
            io.complete(IoStatus.aio(5));
            return;
        }
        perform(io);
        io.complete(statusOf(io));
    }

    /** How it ends if it is done. */
    private IoStatus statusOf(BdevIo io) {
        return io.type() == IoType.COMPARE && !holds(io) ? IoStatus.MISCOMPARE : IoStatus.SUCCESS;
    }

    private boolean holds(BdevIo io) {
        int at = Math.toIntExact(io.offsetBytes());
        for (int i = 0; i < io.segmentCount(); i++) {
            MemorySegment piece = io.segment(i);
            if (MemorySegment.ofArray(bytes).asSlice(at, piece.byteSize()).mismatch(piece) != -1) {
                return false;
            }
            at += Math.toIntExact(piece.byteSize());
        }
        return true;
    }

    void perform(BdevIo io) {
        int at = Math.toIntExact(io.offsetBytes());
        switch (io.type()) {
            case READ -> {
                for (int i = 0; i < io.segmentCount(); i++) {
                    int n = Math.toIntExact(io.length(i));
                    MemorySegment.copy(bytes, at, io.segment(i), ValueLayout.JAVA_BYTE, 0, n);
                    at += n;
                }
            }
            case WRITE -> {
                for (int i = 0; i < io.segmentCount(); i++) {
                    int n = Math.toIntExact(io.length(i));
                    MemorySegment.copy(io.segment(i), ValueLayout.JAVA_BYTE, 0, bytes, at, n);
                    at += n;
                }
            }
            case UNMAP, WRITE_ZEROES -> Arrays.fill(bytes, at, at + Math.toIntExact(io.lengthBytes()), (byte) 0);
            case COPY ->
                System.arraycopy(
                        bytes, Math.toIntExact(io.sourceBlock()) * blockSize, bytes, at, (int) io.lengthBytes());
            case COMPARE_AND_WRITE -> {
                if (holds(io)) {
                    byte[] content = new byte[(int) io.lengthBytes()];
                    io.writeData().copyTo(0, content);
                    System.arraycopy(content, 0, bytes, at, content.length);
                }
            }
            case SEEK_DATA, SEEK_HOLE -> io.setResult(seekResult);
            case NVME_ADMIN, NVME_IO -> {
                commands.add(io.nvmeCommand());
                io.setResult(0xC0FFEE);
            }
            case ZCOPY -> {
                if (io.isZcopyStart() && givesMemory) {
                    io.setZcopyMemory(MemorySegment.ofArray(bytes).asSlice(at, io.lengthBytes()));
                    io.setZcopyAttachment("attached " + at);
                } else if (!io.isZcopyStart()) {
                    zcopyEnds.add(io.zcopyAttachment() + " " + io.zcopyCommit());
                }
            }
            default -> {}
        }
    }

    @Override
    public void abort(Channel channel, BdevIo target, BdevIo abort) {
        if (abortable && held.remove(target)) {
            channel.inFlight--;
            target.complete(IoStatus.ABORTED);
            abort.complete(IoStatus.SUCCESS);
        } else {
            abort.complete(IoStatus.FAILED);
        }
    }

    /** Ends the I/O that was held longest. On its thread. */
    BdevIo finishOldest(IoStatus asked) {
        IoStatus status = asked;
        BdevIo io = held.remove();
        if (status.isSuccess()) {
            perform(io);
            status = statusOf(io);
        }
        channels.stream().filter(c -> c.thread == io.thread()).forEach(c -> c.inFlight--);
        io.complete(status);
        return io;
    }

    final List<Channel> channels = new ArrayList<>();

    @Override
    public boolean supports(IoType type) {
        return types.contains(type);
    }

    @Override
    public Channel openChannel(SpdkThread thread) {
        channelsOpen++;
        Channel ch = new Channel(thread);
        channels.add(ch);
        return ch;
    }

    @Override
    public void closeChannel(Channel channel) {
        if (channel.inFlight != 0) {
            throw new AssertionError("closed with " + channel.inFlight + " I/Os in flight");
        }
        channelsOpen--;
        channels.remove(channel);
    }

    @Override
    public CompletionStage<Void> destruct() {
        destructs++;
        return CompletableFuture.completedFuture(null);
    }
}
