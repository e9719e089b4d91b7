// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.runtime.Poller;
import dev.spdkio.runtime.SpdkThread;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A device that keeps bytes, checks that the hub honours its demands, and answers as its {@link Traits} and its seed
 * say.
 *
 * <p>Thread rule: one OS thread, that of the simulation.
 */
final class SimDevice implements BdevOps<SimDevice.Channel> {
    private static final long NEVER = Long.MAX_VALUE;

    /** One I/O that the device has. */
    private static final class Item {
        final BdevIo io;
        final long number;
        long due;
        boolean performed;

        Item(BdevIo io, long number, long due) {
            this.io = io;
            this.number = number;
            this.due = due;
        }
    }

    /** The device on one thread. */
    static final class Channel {
        final SpdkThread thread;
        private final List<Item> items = new ArrayList<>();
        private final Poller poller;
        private int away;
        private int newest;
        private @Nullable Runnable awaitsRoom;

        Channel(SpdkThread thread, SimDevice device) {
            this.thread = thread;
            this.poller = thread.poller("simulated device")
                    .period(Duration.ofNanos(device.traits.pollNanos()))
                    .body(() -> device.poll(this))
                    .register();
        }
    }

    final Traits traits;
    private final World world;
    private final SplittableRandom random;
    private final List<Channel> channels = new ArrayList<>();
    private byte[] bytes;
    private MemorySegment storage;
    private long numbers;

    /** Whatever came before this one is to be given back, because of a reset. */
    private long doom;

    private int inFlight;
    private boolean wellBehaved;
    private boolean ordered;
    private int destructs;

    SimDevice(World world, Traits traits, long seed) {
        this.world = world;
        this.traits = traits;
        this.random = new SplittableRandom(seed);
        this.bytes = new byte[traits.blockSize() * traits.blocks()];
        this.storage = MemorySegment.ofArray(bytes);
        this.ordered = traits.plain();
    }

    /** From now on some of its blocks may be locked, so that what goes to others overtakes. */
    void lock() {
        ordered = false;
    }

    /** From now on it does what it is asked, or as it pleases. */
    void behave(boolean well) {
        wellBehaved = well;
    }

    void grow(int blocks) {
        bytes = Arrays.copyOf(bytes, traits.blockSize() * blocks);
        storage = MemorySegment.ofArray(bytes);
    }

    int destructs() {
        return destructs;
    }

    private boolean happens(double probability) {
        return probability > 0 && !wellBehaved && random.nextDouble() < probability;
    }

    // ---- taking ----------------------------------------------------------------------------------------------------

    @Override
    public void submit(Channel ch, BdevIo io) {
        world.trace("device", io.type().jsonName(), io.offsetBlocks(), ch.thread.name() + " at " + io.offsetBlocks());
        if (!ch.thread.isCurrent()) {
            world.violation("the device was given an I/O of " + ch.thread + " on another thread: " + io);
        }
        if ((inFlight >= traits.capacity() && io.type() != IoType.RESET) || happens(traits.noMemory())) {
            world.counts.noMemory++;
            world.trace("no room for", io.type().jsonName(), io.offsetBlocks(), null);
            io.complete(IoStatus.NOMEM);
            return;
        }
        if (happens(traits.exception())) {
            world.counts.exceptions++;
            throw new IllegalStateException("the simulated device throws");
        }
        checkDemands(io);
        checkOrder(ch, io);
        Item item = new Item(io, ++numbers, world.now() + random.nextLong(traits.latencyNanos() + 1));
        if (io.type() == IoType.RESET) {
            doom = item.number;
        } else if (happens(traits.stuck())) {
            world.counts.stuck++;
            item.due = NEVER;
        }
        inFlight++;
        if (io.type() != IoType.RESET && item.due != NEVER && random.nextDouble() < traits.inline()) {
            answer(ch, item);
            return;
        }
        if (random.nextDouble() < traits.performsEarly()) {
            perform(item);
        }
        ch.items.add(item);
    }

    private void checkDemands(BdevIo io) {
        IoType type = io.type();
        long first = io.offsetBlocks();
        long count = io.blockCount();
        if (first < 0 || first + count > bytes.length / traits.blockSize()) {
            world.violation("an I/O beyond the device's end: " + io);
        }
        long most = switch (type) {
            case UNMAP -> traits.maxUnmapBlocks();
            case WRITE_ZEROES -> traits.maxWriteZeroesBlocks();
            case COPY -> traits.maxCopyBlocks();
            case COMPARE_AND_WRITE -> traits.acwu();
            default -> 0;
        };
        if (over(count, most)) {
            world.violation("an I/O that is too large for the device: " + io);
        }
        if (type != IoType.READ && type != IoType.WRITE && type != IoType.COMPARE) {
            return;
        }
        long total = 0;
        for (int i = 0; i < io.segmentCount(); i++) {
            total += io.length(i);
            if (io.address(i) % traits.alignment() != 0 || over(io.length(i), traits.maxSegmentSize())) {
                world.violation("segment " + i + " of " + io + " is misaligned or too long");
            }
        }
        if (total != io.lengthBytes() || over(io.segmentCount(), traits.maxSegments())) {
            world.violation(io + " has " + io.segmentCount() + " segments of " + total + " bytes");
        }
        long boundary = type == IoType.WRITE && traits.writeUnit() > 1 ? traits.writeUnit() : traits.boundary();
        if (over(count, traits.maxRwBlocks()) || (boundary > 0 && first / boundary != (first + count - 1) / boundary)) {
            world.violation(io + " is too long or crosses a boundary of " + boundary);
        }
        if (type == IoType.WRITE && (first % traits.writeUnit() != 0 || count % traits.writeUnit() != 0)) {
            world.violation(io + " is no multiple of the write unit " + traits.writeUnit());
        }
    }

    private static boolean over(long value, long most) {
        return most > 0 && value > most;
    }

    /** A plain device gets the writes of a thread in the order in which they were submitted. */
    private void checkOrder(Channel ch, BdevIo io) {
        if (!ordered || io.type() != IoType.WRITE || io.length(0) < Long.BYTES) {
            return;
        }
        int request = Content.request(Content.get(io.memory(0), io.memoryOffset(0), Long.BYTES));
        if (request == 0 || (request & Content.UNORDERED) != 0) {
            return;
        }
        if (request < ch.newest) {
            world.violation("write #" + request + " reached the device after #" + ch.newest + " of the same thread");
        }
        ch.newest = request;
    }

    // ---- answering -------------------------------------------------------------------------------------------------

    private Poller.Result poll(Channel ch) {
        long now = world.now();
        List<Item> due = new ArrayList<>();
        for (int i = ch.items.size() - 1; i >= 0; i--) {
            Item item = ch.items.get(i);
            boolean over = item.io.type() == IoType.RESET
                    ? item.due <= now && !hasOlder(item.number)
                    : item.due <= now || item.number < doom || (wellBehaved && item.due == NEVER);
            if (over) {
                due.add(ch.items.remove(i));
            }
        }
        for (Item item : due) {
            answer(ch, item);
        }
        Runnable roomMade = ch.awaitsRoom;
        if (roomMade != null && (inFlight < traits.capacity() || random.nextInt(8) == 0)) {
            ch.awaitsRoom = null;
            roomMade.run();
            return Poller.Result.BUSY;
        }
        return due.isEmpty() ? Poller.Result.IDLE : Poller.Result.BUSY;
    }

    private boolean hasOlder(long number) {
        for (Channel ch : channels) {
            for (Item item : ch.items) {
                if (item.number < number) {
                    return true;
                }
            }
        }
        return false;
    }

    private void answer(Channel ch, Item item) {
        inFlight--;
        BdevIo io = item.io;
        IoStatus status;
        if (io.type() != IoType.RESET && item.number < doom) {
            status = IoStatus.ABORTED;
        } else if (!item.performed && happens(traits.lateNoMemory())) {
            world.counts.noMemory++;
            status = IoStatus.NOMEM;
        } else if (io.type() != IoType.RESET && happens(traits.failure())) {
            world.counts.failures++;
            status = IoStatus.aio(5);
        } else {
            perform(item);
            status = statusOf(io);
        }
        if (random.nextDouble() < traits.remote()) {
            ch.away++;
            if (world.anyThread(random).trySend(() -> {
                ch.away--;
                io.completeFromAnyThread(status);
            })) {
                return;
            }
            ch.away--;
        }
        io.complete(status);
    }

    private IoStatus statusOf(BdevIo io) {
        return switch (io.type()) {
            case COMPARE -> holds(io) ? IoStatus.SUCCESS : IoStatus.MISCOMPARE;
            case COMPARE_AND_WRITE -> io.driverLong() == 1 ? IoStatus.SUCCESS : IoStatus.MISCOMPARE;
            default -> IoStatus.SUCCESS;
        };
    }

    private void perform(Item item) {
        BdevIo io = item.io;
        // What is only looked at is looked at once, at the end.
        if (item.performed || io.type() == IoType.RESET || io.type() == IoType.COMPARE) {
            return;
        }
        item.performed = true;
        long at = io.offsetBytes();
        switch (io.type()) {
            case READ, WRITE -> {
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
            case UNMAP, WRITE_ZEROES -> storage.asSlice(at, io.lengthBytes()).fill((byte) 0);
            case COPY ->
                MemorySegment.copy(storage, io.sourceBlock() * traits.blockSize(), storage, at, io.lengthBytes());
            case COMPARE_AND_WRITE -> {
                boolean equal = holds(io);
                io.setDriverLong(equal ? 1 : 0);
                if (equal) {
                    io.writeData().copyTo(0, storage, at, io.lengthBytes());
                }
            }
            case ZCOPY -> {
                if (io.isZcopyStart()) {
                    byte[] copy = new byte[(int) io.lengthBytes()];
                    if (io.zcopyPopulate()) {
                        MemorySegment.copy(storage, at, MemorySegment.ofArray(copy), 0, copy.length);
                    }
                    io.setZcopyMemory(MemorySegment.ofArray(copy));
                } else if (io.zcopyCommit()) {
                    MemorySegment.copy(io.zcopyMemory(), 0, storage, at, io.lengthBytes());
                }
            }
            case SEEK_DATA, SEEK_HOLE -> io.setResult(io.offsetBlocks());
            case NVME_IO -> io.setResult(0x600D);
            default -> {}
        }
    }

    private boolean holds(BdevIo io) {
        long at = io.offsetBytes();
        for (int i = 0; i < io.segmentCount(); i++) {
            long length = io.length(i);
            long from = io.memoryOffset(i);
            if (MemorySegment.mismatch(io.memory(i), from, from + length, storage, at, at + length) != -1) {
                return false;
            }
            at += length;
        }
        return true;
    }

    @Override
    public void abort(Channel ch, BdevIo target, BdevIo abort) {
        for (int i = 0; i < ch.items.size(); i++) {
            if (ch.items.get(i).io == target && (wellBehaved || random.nextDouble() < traits.aborts())) {
                ch.items.remove(i);
                inFlight--;
                boolean targetFirst = random.nextBoolean();
                if (targetFirst) {
                    target.complete(IoStatus.ABORTED);
                }
                abort.complete(IoStatus.SUCCESS);
                if (!targetFirst) {
                    target.complete(IoStatus.ABORTED);
                }
                return;
            }
        }
        abort.complete(IoStatus.FAILED);
    }

    /** What no device may do: writes what an I/O asks for that has ended. */
    void writeLater(BdevIo io) {
        MemorySegment data = io.segment(0);
        long at = io.offsetBytes();
        world.app.send(() -> MemorySegment.copy(data, 0, storage, at, data.byteSize()));
    }

    // ---- the rest --------------------------------------------------------------------------------------------------

    @Override
    public void awaitRoom(Channel ch, Runnable roomMade) {
        if (traits.tellsRoom()) {
            ch.awaitsRoom = roomMade;
        }
    }

    @Override
    public boolean supports(IoType type) {
        return traits.types().contains(type);
    }

    @Override
    public Channel openChannel(SpdkThread thread) {
        Channel ch = new Channel(thread, this);
        channels.add(ch);
        return ch;
    }

    @Override
    public void closeChannel(Channel ch) {
        if (!ch.items.isEmpty() || ch.away > 0) {
            world.violation("a channel was closed with " + describe(ch));
        }
        channels.remove(ch);
        ch.poller.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        destructs++;
        if (!channels.isEmpty()) {
            world.violation("a device was destroyed with " + channels.size() + " channels");
        }
        return CompletableFuture.completedFuture(null);
    }

    private static String describe(Channel ch) {
        return ch.items.size() + " I/Os, " + ch.away + " answered elsewhere: "
                + ch.items.stream().map(i -> i.io + " due " + i.due).toList();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("simulated device");
        for (Channel ch : channels) {
            text.append("\n    on ").append(ch.thread.name()).append(": ").append(describe(ch));
        }
        return text.toString();
    }
}
