// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.CpuSet;
import dev.spdkio.runtime.Reactor;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * An open device for ordinary Java code: open it once, use it from any thread.
 *
 * <p>Requests are spread over SpdkThreads of its own, one a reactor. A {@link DmaBuf} goes to the device as it is;
 * other memory, on the heap or off, is copied through pooled buffers, in parts if it is large. Not more than
 * {@link BlockDeviceOptions#maxOutstanding} parts are in flight: who comes then waits, except on a reactor, which
 * gets a {@link LimitExceededException}. Offsets and lengths are multiples of the block size; {@link #channel} and
 * {@link #stream} take any.
 *
 * <p>Thread rule: everything may be called on any thread, but what waits (all but {@code …Async}) not on a reactor:
 * platform threads, virtual threads and tasks. Waiting is not cut short by an interrupt, which stays set.
 */
public final class BlockDevice implements AutoCloseable {
    private final BdevManager bdevs;
    private final Bdev bdev;
    private final BdevDesc desc;
    private final OpenMode mode;
    private final BlockDeviceOptions options;
    private final List<BdevChannel> lanes;
    private final Semaphore permits;
    private final MpmcVarHandleArrayQueue<BlockRequest> requests;

    /** Requests under way, and one more until {@link #closeAsync}. */
    private final AtomicLong open = new AtomicLong(1);

    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile boolean removed;
    private final CompletableFuture<Void> closed;
    private @Nullable UnalignedIo unaligned;

    private BlockDevice(
            BdevManager bdevs, BdevDesc desc, OpenMode mode, BlockDeviceOptions options, List<BdevChannel> lanes) {
        this.bdevs = bdevs;
        this.desc = desc;
        this.bdev = desc.bdev();
        this.mode = mode;
        this.options = options;
        this.lanes = lanes;
        this.permits = new Semaphore(options.maxOutstanding());
        this.requests = new MpmcVarHandleArrayQueue<>(Math.max(2, options.maxOutstanding()));
        for (int i = 0; i < options.maxOutstanding(); i++) {
            requests.offer(new BlockRequest(this));
        }
        this.closed = bdevs.runtime().newFuture();
    }

    // ---- opening ---------------------------------------------------------------------------------------------------

    /**
     * Opens a device, waiting for it.
     *
     * @throws SpdkException ENODEV if there is no such device
     */
    public static BlockDevice open(BdevManager bdevs, String name, OpenMode mode) throws SpdkException {
        return open(bdevs, name, mode, BlockDeviceOptions.DEFAULT);
    }

    /** The same with bounds of one's own. */
    public static BlockDevice open(BdevManager bdevs, String name, OpenMode mode, BlockDeviceOptions options)
            throws SpdkException {
        checkMayWait(bdevs.runtime(), "opening bdev " + name);
        return await(openAsync(bdevs, name, mode, options), "opening bdev " + name);
    }

    /** Opens a device. Any thread; the future fails with ENODEV if there is no such device. */
    public static CompletableFuture<BlockDevice> openAsync(
            BdevManager bdevs, String name, OpenMode mode, BlockDeviceOptions options) {
        SpdkRuntime rt = bdevs.runtime();
        List<Reactor> reactors = rt.reactors();
        int count = options.lanes() == 0 ? reactors.size() : options.lanes();
        List<SpdkThread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Reactor r = reactors.get(i % reactors.size());
            threads.add(rt.createThread(name + "-lane" + i, CpuSet.singleton(r.core())));
        }
        AtomicReference<@Nullable BlockDevice> self = new AtomicReference<>();
        CompletableFuture<BlockDevice> opened = threads.getFirst()
                .call(() -> bdevs.open(name, mode, (event, _) -> {
                    BlockDevice d = self.get();
                    if (event == BdevEvent.REMOVED && d != null) {
                        d.removed = true;
                        var _ = d.closeAsync();
                    }
                }))
                .thenCompose(desc -> {
                    List<CompletableFuture<BdevChannel>> channels = threads.stream()
                            .map(t -> t.<BdevChannel>call(desc::openChannel))
                            .toList();
                    return CompletableFuture.allOf(channels.toArray(CompletableFuture<?>[]::new))
                            .handle((_, failure) -> {
                                if (failure != null) {
                                    desc.close();
                                    throw new CompletionException(failure);
                                }
                                BlockDevice d = new BlockDevice(
                                        bdevs,
                                        desc,
                                        mode,
                                        options,
                                        channels.stream()
                                                .map(CompletableFuture::join)
                                                .toList());
                                self.set(d);
                                return d;
                            });
                });
        return opened.whenComplete((d, failure) -> {
            if (failure != null) {
                exit(threads);
            } else if (!d.bdev.isRegistered()) {
                // Its removal may have been told before there was anybody to hear of it.
                d.removed = true;
                var _ = d.closeAsync();
            }
        });
    }

    private static void exit(List<SpdkThread> threads) {
        for (SpdkThread t : threads) {
            var _ = t.exit();
        }
    }

    /** The device. */
    public Bdev bdev() {
        return bdev;
    }

    /** What it is open for. */
    public OpenMode mode() {
        return mode;
    }

    /** Bytes of a block. */
    public int blockSize() {
        return bdev.blockSize;
    }

    /** Bytes of the device, as of now. */
    public long sizeBytes() {
        return bdev.sizeBytes();
    }

    /** Whether it is open: not closed, and the device not removed. */
    public boolean isOpen() {
        return !closing.get();
    }

    /** The bounds in force. */
    public BlockDeviceOptions options() {
        return options;
    }

    BdevManager bdevs() {
        return bdevs;
    }

    // ---- reading and writing ---------------------------------------------------------------------------------------

    /** Fills {@code target} from byte {@code offset} on. */
    public void read(MemorySegment target, long offset) throws SpdkException {
        waitFor(IoType.READ, target, null, offset, target.byteSize());
    }

    /** Fills what remains of {@code target}, and moves its position to its limit. */
    public void read(ByteBuffer target, long offset) throws SpdkException {
        checkWritable(target);
        read(MemorySegment.ofBuffer(target), offset);
        target.position(target.limit());
    }

    /** Fills {@code target}, without a copy. */
    public void read(DmaBuf target, long offset) throws SpdkException {
        waitFor(IoType.READ, null, target, offset, target.size());
    }

    /** {@link #read(MemorySegment, long)} with a future; a shared or global segment, or one on the heap. */
    public CompletableFuture<Void> readAsync(MemorySegment target, long offset) {
        return start(IoType.READ, target, null, offset, target.byteSize());
    }

    /** {@link #read(ByteBuffer, long)} with a future. The position moves at once; the contents come at the end. */
    public CompletableFuture<Void> readAsync(ByteBuffer target, long offset) {
        checkWritable(target);
        CompletableFuture<Void> f = readAsync(MemorySegment.ofBuffer(target), offset);
        target.position(target.limit());
        return f;
    }

    /** {@link #read(DmaBuf, long)} with a future. */
    public CompletableFuture<Void> readAsync(DmaBuf target, long offset) {
        return start(IoType.READ, null, target, offset, target.size());
    }

    /** Stores {@code source} from byte {@code offset} on. */
    public void write(MemorySegment source, long offset) throws SpdkException {
        waitFor(IoType.WRITE, source, null, offset, source.byteSize());
    }

    /** Stores what remains of {@code source}, and moves its position to its limit. */
    public void write(ByteBuffer source, long offset) throws SpdkException {
        write(MemorySegment.ofBuffer(source), offset);
        source.position(source.limit());
    }

    /** Stores {@code source}, without a copy. */
    public void write(DmaBuf source, long offset) throws SpdkException {
        waitFor(IoType.WRITE, null, source, offset, source.size());
    }

    /** {@link #write(MemorySegment, long)} with a future. The memory has been copied when this returns. */
    public CompletableFuture<Void> writeAsync(MemorySegment source, long offset) {
        return start(IoType.WRITE, source, null, offset, source.byteSize());
    }

    /** {@link #write(ByteBuffer, long)} with a future. The memory has been copied when this returns. */
    public CompletableFuture<Void> writeAsync(ByteBuffer source, long offset) {
        CompletableFuture<Void> f = writeAsync(MemorySegment.ofBuffer(source), offset);
        source.position(source.limit());
        return f;
    }

    /** {@link #write(DmaBuf, long)} with a future. */
    public CompletableFuture<Void> writeAsync(DmaBuf source, long offset) {
        return start(IoType.WRITE, null, source, offset, source.size());
    }

    /** Makes a range read as zeroes. */
    public void writeZeroes(long offset, long length) throws SpdkException {
        waitFor(IoType.WRITE_ZEROES, null, null, offset, length);
    }

    /** {@link #writeZeroes} with a future. */
    public CompletableFuture<Void> writeZeroesAsync(long offset, long length) {
        return start(IoType.WRITE_ZEROES, null, null, offset, length);
    }

    /** Tells the device that a range holds nothing any more. */
    public void unmap(long offset, long length) throws SpdkException {
        waitFor(IoType.UNMAP, null, null, offset, length);
    }

    /** {@link #unmap} with a future. */
    public CompletableFuture<Void> unmapAsync(long offset, long length) {
        return start(IoType.UNMAP, null, null, offset, length);
    }

    /**
     * Makes everything that was written before survive a loss of power. Nothing to do on a device that has no write
     * cache and does not support it, nor for who only reads.
     */
    public void flush() throws SpdkException {
        checkMayWait(bdevs.runtime(), "flushing bdev " + bdev.name());
        await(flushAsync(), "flushing bdev " + bdev.name());
    }

    /** {@link #flush} with a future. */
    public CompletableFuture<Void> flushAsync() {
        if (mode == OpenMode.READ_ONLY || (!bdev.supports(IoType.FLUSH) && !bdev.writeCache())) {
            CompletableFuture<Void> nothingToDo = bdevs.runtime().newFuture();
            complete(nothingToDo);
            return nothingToDo;
        }
        return start(IoType.FLUSH, null, null, 0, bdev.sizeBytes());
    }

    @SuppressWarnings("NullAway") // a CompletableFuture<Void> has no other value
    static void complete(CompletableFuture<Void> future) {
        future.complete(null);
    }

    private static void checkWritable(ByteBuffer target) {
        if (target.isReadOnly()) {
            throw new java.nio.ReadOnlyBufferException();
        }
    }

    // ---- the engine ------------------------------------------------------------------------------------------------

    private void waitFor(IoType type, @Nullable MemorySegment memory, @Nullable DmaBuf buf, long offset, long length)
            throws SpdkException {
        checkMayWait(bdevs.runtime(), type.jsonName() + " on bdev " + bdev.name());
        if (type == IoType.READ
                && memory != null
                && length > 0
                && (length <= partBytes() || !memory.isAccessibleBy(NOBODY))) {
            readAndCopyHere(memory, offset, length);
            return;
        }
        BlockTransfer t = new BlockTransfer(this, type, memory, offset, length, null, Thread.currentThread());
        begin(t, buf);
        t.await();
    }

    /** The caller copies: it is not a reactor's work, and only the caller may if the segment is confined to it. */
    private void readAndCopyHere(MemorySegment target, long offset, long length) throws SpdkException {
        lanes.getFirst().checks().blocks(IoType.READ, length);
        for (long done = 0; done < length; ) {
            long n = Math.min(length - done, partBytes());
            try (DmaBuf copy = copyBuffer(n)) {
                waitFor(IoType.READ, null, copy, offset + done, n);
                MemorySegment.copy(copy.segment(), 0, target, done, n);
            }
            done += n;
        }
    }

    private CompletableFuture<Void> start(
            IoType type, @Nullable MemorySegment memory, @Nullable DmaBuf buf, long offset, long length) {
        CompletableFuture<Void> future = bdevs.runtime().newFuture();
        if (type == IoType.READ && memory != null && !memory.isAccessibleBy(NOBODY)) {
            throw new IllegalArgumentException("read on bdev " + bdev.name()
                    + ": the segment is confined to its thread, but another will fill it: use a shared arena");
        }
        BlockTransfer t = new BlockTransfer(this, type, memory, offset, length, future, null);
        begin(t, buf);
        return future;
    }

    /** A thread that no arena is confined to. */
    private static final Thread NOBODY = Thread.ofVirtual().unstarted(() -> {});

    private void begin(BlockTransfer t, @Nullable DmaBuf buf) {
        RequestChecks checks = lanes.getFirst().checks();
        long block = checks.block(t.type, t.offset);
        long count = checks.blocks(t.type, t.length);
        BdevChannel lane = lanes.get((int) (Thread.currentThread().threadId() % lanes.size()));
        boolean hasMemory = t.type == IoType.READ || t.type == IoType.WRITE;
        enter();
        try {
            checks.check(t.type, true, hasMemory ? (Long) t.length : null, block, count);
            int parts = t.memory == null ? 1 : Math.toIntExact((t.length + partBytes() - 1) / partBytes());
            t.expect(parts, lane);
        } catch (RuntimeException e) {
            leave();
            throw e;
        }
        if (t.memory == null) {
            send(t, lane, buf, 0, t.length);
        } else {
            for (long at = 0; at < t.length; at += partBytes()) {
                send(t, lane, null, at, Math.min(partBytes(), t.length - at));
            }
        }
    }

    private long partBytes() {
        long block = bdev.splitOnWriteUnit() ? (long) bdev.blockSize * bdev.writeUnitSize() : bdev.blockSize;
        return Math.max(block, options.copyBufferBytes() / block * block);
    }

    /** Sends one part, or counts it as failed. */
    private void send(BlockTransfer t, BdevChannel lane, @Nullable DmaBuf buf, long at, long length) {
        BlockRequest r;
        try {
            r = takeRequest();
        } catch (RuntimeException e) {
            t.partEnded(e);
            return;
        }
        try {
            r.prepare(t, lane, buf, at, length);
            lane.thread().send(r);
        } catch (RuntimeException e) {
            r.end(e);
        }
    }

    private BlockRequest takeRequest() {
        if (!permits.tryAcquire()) {
            if (SpdkThread.current() != null) {
                throw new LimitExceededException(
                        "maxOutstanding",
                        options.maxOutstanding(),
                        this + " has that many parts of requests in flight, and a reactor cannot wait");
            }
            permits.acquireUninterruptibly();
        }
        BlockRequest r = requests.relaxedPoll();
        while (r == null) {
            // Its permit is released just before the object is there to be seen.
            Thread.onSpinWait();
            r = requests.poll();
        }
        return r;
    }

    void recycle(BlockRequest r) {
        requests.offer(r);
        permits.release();
    }

    DmaBuf copyBuffer(long length) {
        return bdevs.pool().allocate(length, bdev.requiredAlignment());
    }

    private static void checkMayWait(SpdkRuntime rt, String what) {
        if (SpdkThread.current() != null) {
            throw new IllegalStateException(
                    what + " would hold a reactor until it is done: use the Async method, or a task");
        }
        if (rt instanceof SimulatedRuntime && Task.current() == null) {
            throw new IllegalStateException(what
                    + " would wait for a simulated world that only its driver moves: use the Async method, or a task");
        }
    }

    static <T> T await(CompletableFuture<T> future, String what) throws SpdkException {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof SpdkException s) {
                throw s;
            }
            if (e.getCause() instanceof RuntimeException r) {
                throw r;
            }
            throw new IllegalStateException(what + " failed", e.getCause());
        }
    }

    // ---- NIO -------------------------------------------------------------------------------------------------------

    synchronized UnalignedIo unaligned() {
        UnalignedIo u = unaligned;
        if (u == null) {
            u = new UnalignedIo(this);
            unaligned = u;
        }
        return u;
    }

    /** The device as a file of fixed size. Closing the channel leaves this device open. */
    public SeekableByteChannel channel() {
        return new BlockByteChannel(this);
    }

    /** The device as a stream in each direction, from {@code offset} on. Closing the stream leaves this device open. */
    public AsynchronousByteChannel stream(long offset) {
        return new BlockByteStream(this, offset);
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /** A request begins. */
    void enter() {
        open.incrementAndGet();
        if (closing.get()) {
            leave();
            throw new IllegalStateException(
                    removed ? "bdev " + bdev.name() + " was removed" : this + " is closed: open it again");
        }
    }

    /** A request has ended. */
    void leave() {
        if (open.decrementAndGet() == 0) {
            desc.close();
            var _ = desc.closed().whenComplete((_, _) -> {
                exit(lanes.stream().map(BdevChannel::thread).toList());
                complete(closed);
            });
        }
    }

    /** Takes no more requests, and closes when those under way have ended. Idempotent; any thread. */
    public CompletableFuture<Void> closeAsync() {
        if (closing.compareAndSet(false, true)) {
            leave();
        }
        return closed.copy();
    }

    /** {@link #closeAsync}, waiting for it unless on a reactor. */
    @Override
    public void close() {
        CompletableFuture<Void> done = closeAsync();
        boolean mayWait = SpdkThread.current() == null
                && (!(bdevs.runtime() instanceof SimulatedRuntime) || Task.current() != null);
        if (mayWait) {
            done.join();
        }
    }

    SpdkException failure(IoType type, long offset, long length, Throwable cause) {
        if (cause instanceof SpdkException s) {
            return s;
        }
        return new SpdkException(
                removed ? Errno.ENODEV : Errno.EIO,
                type.jsonName() + " of " + length + " bytes at " + offset + " of bdev " + bdev.name() + ": "
                        + cause.getMessage(),
                cause);
    }

    @Override
    public String toString() {
        return "block device " + bdev.name() + " (" + mode + ", " + lanes.size() + " lanes)";
    }
}
