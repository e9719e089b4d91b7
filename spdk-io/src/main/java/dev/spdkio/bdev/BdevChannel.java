// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.IoChannel;
import dev.spdkio.runtime.SpdkThread;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * I/O on an open device from one thread. Stands for the {@code spdk_io_channel} of a bdev with its descriptor.
 *
 * <p>Every operation comes in three styles of one name: {@code submitRead} calls back and allocates nothing,
 * {@code readAsync} returns a future, {@code read} waits in a task. Offsets and lengths are bytes, or blocks where
 * the name says so. What is wrong with a request is found before it is submitted, and thrown:
 * {@link IllegalArgumentException} for ranges, sizes and alignment, {@link IllegalStateException} for what is closed
 * or read-only, {@link UnsupportedOperationException} for what the device cannot do, {@link LimitExceededException}
 * if too much waits already. A submit that throws never calls back.
 *
 * <p>The memory of a request is in flight, and cannot be closed, until its end, whatever becomes of a future or a
 * task that waits for it.
 *
 * <p>Thread rule: {@code submit…} on the thread of the channel; {@code …Async} anywhere; the waiting style in a task
 * of that thread; {@link #close} anywhere.
 */
public final class BdevChannel extends BdevCommands implements AutoCloseable {
    private final BdevDesc desc;
    private final SpdkThread thread;
    private final IoChannel<DeviceChannel> handle;
    private final DeviceChannel device;
    private final Bdev bdev;
    private final SplitRules rules;
    final HubThread hub;
    private final RequestChecks checks;

    /** Copies of what every request looks at. */
    private final int blockShift;

    private final long blockMask;
    private final long plainBlocks;
    private final long alignmentMask;
    private final boolean hasBoundary;
    private final int allowedTypes;

    /** What the module calls the descriptor. */
    final long descHandle;

    /** Requests that have not ended; none are taken any more once it is closed. */
    int inFlight;

    private boolean open = true;
    private volatile boolean closeRequested;

    BdevChannel(BdevDesc desc, SpdkThread thread, IoChannel<DeviceChannel> handle) {
        super(desc.isOfDevice());
        this.desc = desc;
        this.thread = thread;
        this.handle = handle;
        this.device = handle.context();
        this.bdev = desc.bdev();
        this.hub = device.hub;
        this.rules = bdev.rules;
        this.blockShift = bdev.blockShift;
        this.blockMask = bdev.blockShift < 0 ? 0 : bdev.blockSize - 1L;
        this.plainBlocks = rules.plainBlocks;
        this.alignmentMask = rules.alignmentMask;
        this.hasBoundary = rules.hasBoundary;
        this.allowedTypes = bdev.allowedTypes(desc.mode());
        this.descHandle = desc.handle();
        this.checks = new RequestChecks(desc, thread, rules);
    }

    /** The descriptor. */
    public BdevDesc desc() {
        return desc;
    }

    /** The device. */
    public Bdev bdev() {
        return bdev;
    }

    /** The thread it belongs to. */
    public SpdkThread thread() {
        return thread;
    }

    DeviceChannel device() {
        return device;
    }

    SplitRules rules() {
        return rules;
    }

    RequestChecks checks() {
        return checks;
    }

    /** Whether {@link #close} was called. Any thread. */
    public boolean isClosed() {
        return closeRequested;
    }

    /** Requests that have not ended yet. On its thread. */
    public int inFlight() {
        thread.checkCurrent("counting the I/O of " + this);
        return inFlight;
    }

    /** What the device has done on this thread for all descriptors. On it; {@code spdk_bdev_get_io_stat}. */
    public BdevStats stats() {
        thread.checkCurrent("reading the statistics of " + this);
        return BdevStats.of(device.stats);
    }

    // ---- read -------------------------------------------------------------------------------------------------------

    /** Fills all of {@code buf} with what the device has from byte {@code offset} on; {@code spdk_bdev_read}. */
    public void submitRead(DmaBuf buf, long offset, IoCompletion completion, @Nullable Object userData) {
        rwBytes(IoType.READ, buf, offset, completion, userData);
    }

    /** The same for the first {@code count} blocks of {@code buf}; {@code spdk_bdev_read_blocks}. */
    public void submitReadBlocks(
            DmaBuf buf, long block, long count, IoCompletion completion, @Nullable Object userData) {
        rw(IoType.READ, buf, 0, block, count, completion, userData);
    }

    /** The same for several pieces of memory; {@code spdk_bdev_readv}. */
    public void submitReadv(IoVec vec, long offset, IoCompletion completion, @Nullable Object userData) {
        rwVector(IoType.READ, vec, checks.block(IoType.READ, offset), completion, userData);
    }

    /** The same in blocks: all of {@code vec}; {@code spdk_bdev_readv_blocks}. */
    public void submitReadvBlocks(IoVec vec, long block, IoCompletion completion, @Nullable Object userData) {
        rwVector(IoType.READ, vec, block, completion, userData);
    }

    /** {@link #submitRead} with a future. Any thread. */
    public CompletableFuture<Void> readAsync(DmaBuf buf, long offset) {
        return futures.async(
                IoType.READ, buf, null, checks.block(IoType.READ, offset), checks.blocks(IoType.READ, buf.size()));
    }

    /** {@link #submitReadBlocks} with a future. Any thread. */
    public CompletableFuture<Void> readBlocksAsync(DmaBuf buf, long block, long count) {
        return futures.async(IoType.READ, buf, null, block, count);
    }

    /** {@link #submitReadv} with a future. Any thread. */
    public CompletableFuture<Void> readvAsync(IoVec vec, long offset) {
        return futures.async(
                IoType.READ,
                null,
                vec,
                checks.block(IoType.READ, offset),
                checks.blocks(IoType.READ, vec.totalBytes()));
    }

    /** {@link #submitReadvBlocks} with a future. Any thread. */
    public CompletableFuture<Void> readvBlocksAsync(IoVec vec, long block) {
        return futures.async(IoType.READ, null, vec, block, checks.blocks(IoType.READ, vec.totalBytes()));
    }

    /** {@link #submitRead}, waiting for the end. In a task of its thread. */
    public void read(DmaBuf buf, long offset) throws SpdkException {
        futures.await(
                IoType.READ, buf, null, checks.block(IoType.READ, offset), checks.blocks(IoType.READ, buf.size()));
    }

    /** {@link #submitReadBlocks}, waiting for the end. In a task of its thread. */
    public void readBlocks(DmaBuf buf, long block, long count) throws SpdkException {
        futures.await(IoType.READ, buf, null, block, count);
    }

    /** {@link #submitReadv}, waiting for the end. In a task of its thread. */
    public void readv(IoVec vec, long offset) throws SpdkException {
        futures.await(
                IoType.READ,
                null,
                vec,
                checks.block(IoType.READ, offset),
                checks.blocks(IoType.READ, vec.totalBytes()));
    }

    /** {@link #submitReadvBlocks}, waiting for the end. In a task of its thread. */
    public void readvBlocks(IoVec vec, long block) throws SpdkException {
        futures.await(IoType.READ, null, vec, block, checks.blocks(IoType.READ, vec.totalBytes()));
    }

    // ---- write ------------------------------------------------------------------------------------------------------

    /** Stores all of {@code buf} on the device from byte {@code offset} on; {@code spdk_bdev_write}. */
    public void submitWrite(DmaBuf buf, long offset, IoCompletion completion, @Nullable Object userData) {
        rwBytes(IoType.WRITE, buf, offset, completion, userData);
    }

    /** The same for the first {@code count} blocks of {@code buf}; {@code spdk_bdev_write_blocks}. */
    public void submitWriteBlocks(
            DmaBuf buf, long block, long count, IoCompletion completion, @Nullable Object userData) {
        rw(IoType.WRITE, buf, 0, block, count, completion, userData);
    }

    /** The same for several pieces of memory; {@code spdk_bdev_writev}. */
    public void submitWritev(IoVec vec, long offset, IoCompletion completion, @Nullable Object userData) {
        rwVector(IoType.WRITE, vec, checks.block(IoType.WRITE, offset), completion, userData);
    }

    /** The same in blocks: all of {@code vec}; {@code spdk_bdev_writev_blocks}. */
    public void submitWritevBlocks(IoVec vec, long block, IoCompletion completion, @Nullable Object userData) {
        rwVector(IoType.WRITE, vec, block, completion, userData);
    }

    /** {@link #submitWrite} with a future. Any thread. */
    public CompletableFuture<Void> writeAsync(DmaBuf buf, long offset) {
        return futures.async(
                IoType.WRITE, buf, null, checks.block(IoType.WRITE, offset), checks.blocks(IoType.WRITE, buf.size()));
    }

    /** {@link #submitWriteBlocks} with a future. Any thread. */
    public CompletableFuture<Void> writeBlocksAsync(DmaBuf buf, long block, long count) {
        return futures.async(IoType.WRITE, buf, null, block, count);
    }

    /** {@link #submitWritev} with a future. Any thread. */
    public CompletableFuture<Void> writevAsync(IoVec vec, long offset) {
        return futures.async(
                IoType.WRITE,
                null,
                vec,
                checks.block(IoType.WRITE, offset),
                checks.blocks(IoType.WRITE, vec.totalBytes()));
    }

    /** {@link #submitWritevBlocks} with a future. Any thread. */
    public CompletableFuture<Void> writevBlocksAsync(IoVec vec, long block) {
        return futures.async(IoType.WRITE, null, vec, block, checks.blocks(IoType.WRITE, vec.totalBytes()));
    }

    /** {@link #submitWrite}, waiting for the end. In a task of its thread. */
    public void write(DmaBuf buf, long offset) throws SpdkException {
        futures.await(
                IoType.WRITE, buf, null, checks.block(IoType.WRITE, offset), checks.blocks(IoType.WRITE, buf.size()));
    }

    /** {@link #submitWriteBlocks}, waiting for the end. In a task of its thread. */
    public void writeBlocks(DmaBuf buf, long block, long count) throws SpdkException {
        futures.await(IoType.WRITE, buf, null, block, count);
    }

    /** {@link #submitWritev}, waiting for the end. In a task of its thread. */
    public void writev(IoVec vec, long offset) throws SpdkException {
        futures.await(
                IoType.WRITE,
                null,
                vec,
                checks.block(IoType.WRITE, offset),
                checks.blocks(IoType.WRITE, vec.totalBytes()));
    }

    /** {@link #submitWritevBlocks}, waiting for the end. In a task of its thread. */
    public void writevBlocks(IoVec vec, long block) throws SpdkException {
        futures.await(IoType.WRITE, null, vec, block, checks.blocks(IoType.WRITE, vec.totalBytes()));
    }

    // ---- operations without memory ----------------------------------------------------------------------------------

    /** Makes a range read as zeroes, by writes if the device cannot; {@code spdk_bdev_write_zeroes}. */
    public void submitWriteZeroes(long offset, long length, IoCompletion completion, @Nullable Object userData) {
        range(IoType.WRITE_ZEROES, offset, length, completion, userData);
    }

    /** The same in blocks; {@code spdk_bdev_write_zeroes_blocks}. */
    public void submitWriteZeroesBlocks(long block, long count, IoCompletion completion, @Nullable Object userData) {
        plain(IoType.WRITE_ZEROES, block, count, completion, userData);
    }

    /** {@link #submitWriteZeroes} with a future. Any thread. */
    public CompletableFuture<Void> writeZeroesAsync(long offset, long length) {
        return futures.async(
                IoType.WRITE_ZEROES,
                null,
                null,
                checks.block(IoType.WRITE_ZEROES, offset),
                checks.blocks(IoType.WRITE_ZEROES, length));
    }

    /** {@link #submitWriteZeroes}, waiting for the end. In a task of its thread. */
    public void writeZeroes(long offset, long length) throws SpdkException {
        futures.await(
                IoType.WRITE_ZEROES,
                null,
                null,
                checks.block(IoType.WRITE_ZEROES, offset),
                checks.blocks(IoType.WRITE_ZEROES, length));
    }

    /** {@link #submitWriteZeroesBlocks} with a future. Any thread. */
    public CompletableFuture<Void> writeZeroesBlocksAsync(long block, long count) {
        return futures.async(IoType.WRITE_ZEROES, null, null, block, count);
    }

    /** {@link #submitWriteZeroesBlocks}, waiting for the end. In a task of its thread. */
    public void writeZeroesBlocks(long block, long count) throws SpdkException {
        futures.await(IoType.WRITE_ZEROES, null, null, block, count);
    }

    /** Tells the device that a range holds nothing any more; {@code spdk_bdev_unmap}. */
    public void submitUnmap(long offset, long length, IoCompletion completion, @Nullable Object userData) {
        range(IoType.UNMAP, offset, length, completion, userData);
    }

    /** The same in blocks; {@code spdk_bdev_unmap_blocks}. */
    public void submitUnmapBlocks(long block, long count, IoCompletion completion, @Nullable Object userData) {
        plain(IoType.UNMAP, block, count, completion, userData);
    }

    /** {@link #submitUnmap} with a future. Any thread. */
    public CompletableFuture<Void> unmapAsync(long offset, long length) {
        return futures.async(
                IoType.UNMAP, null, null, checks.block(IoType.UNMAP, offset), checks.blocks(IoType.UNMAP, length));
    }

    /** {@link #submitUnmap}, waiting for the end. In a task of its thread. */
    public void unmap(long offset, long length) throws SpdkException {
        futures.await(
                IoType.UNMAP, null, null, checks.block(IoType.UNMAP, offset), checks.blocks(IoType.UNMAP, length));
    }

    /** {@link #submitUnmapBlocks} with a future. Any thread. */
    public CompletableFuture<Void> unmapBlocksAsync(long block, long count) {
        return futures.async(IoType.UNMAP, null, null, block, count);
    }

    /** {@link #submitUnmapBlocks}, waiting for the end. In a task of its thread. */
    public void unmapBlocks(long block, long count) throws SpdkException {
        futures.await(IoType.UNMAP, null, null, block, count);
    }

    /** Makes what was written to a range before survive a loss of power; {@code spdk_bdev_flush}. */
    public void submitFlush(long offset, long length, IoCompletion completion, @Nullable Object userData) {
        range(IoType.FLUSH, offset, length, completion, userData);
    }

    /** The same in blocks; {@code spdk_bdev_flush_blocks}. */
    public void submitFlushBlocks(long block, long count, IoCompletion completion, @Nullable Object userData) {
        plain(IoType.FLUSH, block, count, completion, userData);
    }

    /** {@link #submitFlush} with a future. Any thread. */
    public CompletableFuture<Void> flushAsync(long offset, long length) {
        return futures.async(
                IoType.FLUSH, null, null, checks.block(IoType.FLUSH, offset), checks.blocks(IoType.FLUSH, length));
    }

    /** {@link #submitFlush}, waiting for the end. In a task of its thread. */
    public void flush(long offset, long length) throws SpdkException {
        futures.await(
                IoType.FLUSH, null, null, checks.block(IoType.FLUSH, offset), checks.blocks(IoType.FLUSH, length));
    }

    /** {@link #submitFlushBlocks} with a future. Any thread. */
    public CompletableFuture<Void> flushBlocksAsync(long block, long count) {
        return futures.async(IoType.FLUSH, null, null, block, count);
    }

    /** {@link #submitFlushBlocks}, waiting for the end. In a task of its thread. */
    public void flushBlocks(long block, long count) throws SpdkException {
        futures.await(IoType.FLUSH, null, null, block, count);
    }

    /** Brings the device back to a known state; what is submitted meanwhile ends aborted. {@code spdk_bdev_reset}. */
    public void submitReset(IoCompletion completion, @Nullable Object userData) {
        admit(IoType.RESET, 0, 0);
        inFlight++;
        bdev.reset.submit(device, this, completion, userData);
    }

    /** {@link #submitReset} with a future. Any thread. */
    public CompletableFuture<Void> resetAsync() {
        return futures.async(IoType.RESET, null, null, 0, 0);
    }

    /** {@link #submitReset}, waiting for the end. In a task of its thread. */
    public void reset() throws SpdkException {
        futures.await(IoType.RESET, null, null, 0, 0);
    }

    // ---- submitting -------------------------------------------------------------------------------------------------

    private void rwBytes(IoType type, DmaBuf buf, long offset, IoCompletion completion, @Nullable Object userData) {
        int shift = blockShift;
        long length = buf.size();
        if (shift < 0 || ((offset | length) & blockMask) != 0) {
            rw(type, buf, 0, checks.block(type, offset), checks.blocks(type, length), completion, userData);
            return;
        }
        rw(type, buf, 0, offset >> shift, length >> shift, completion, userData);
    }

    /** The way of almost every request: kept short, so that it is compiled into its caller as a whole. */
    private void rw(
            IoType type, DmaBuf buf, long at, long block, long count, IoCompletion completion, @Nullable Object data) {
        admit(type, block, count);
        long length = count * rules.blockSize;
        if (at < 0 || length > buf.size() - at || count == 0) {
            throw checks.badMemory(type, buf.size() - at, count);
        }
        if (count > plainBlocks
                || ((buf.address() + at) & alignmentMask) != 0
                || (hasBoundary && rules.crossesBoundary(type, block, count))) {
            SplitIo split = beginSplit(type, block, count, completion, data);
            split.addMemory(buf, at, length);
            startSplit(split);
            return;
        }
        HubThread h = hub;
        BdevIo io = h.take(this);
        try {
            buf.pin(thread);
        } catch (RuntimeException closed) {
            h.untake(io);
            throw closed;
        }
        io.request(device, this, type, block, count, completion, data);
        io.memory(buf, at, length, true);
        inFlight++;
        device.dispatch(io);
    }

    /** Whether a request may be made at all. */
    void admit(IoType type, long block, long count) {
        if (!thread.isCurrent()
                || !open
                || (allowedTypes & type.bit()) == 0
                || block < 0
                || count < 0
                || block > bdev.blockCount() - count) {
            throw checks.refusal(type, open, block, count);
        }
        if (hasBoundary && type.storesData() && !rules.isWholeUnits(block, count)) {
            throw checks.brokenWriteUnit(type, block, count);
        }
    }

    void rwVector(IoType type, IoVec vec, long block, IoCompletion completion, @Nullable Object userData) {
        long count = checks.blocks(type, vec.totalBytes());
        admit(type, block, count);
        if (count == 0) {
            throw checks.badMemory(type, 0, 0);
        }
        int pieces = vec.count();
        if (!rules.isPlain(type, block, count, vec)) {
            SplitIo split = beginSplit(type, block, count, completion, userData);
            for (int i = 0; i < pieces; i++) {
                split.addMemory(vec.buf(i), vec.offset(i), vec.length(i));
            }
            startSplit(split);
            return;
        }
        BdevIo io = hub.take(this);
        io.request(device, this, type, block, count, completion, userData);
        try {
            for (int i = 0; i < pieces; i++) {
                io.addMemory(vec.buf(i), vec.offset(i), vec.length(i));
            }
            io.pinAll();
        } catch (RuntimeException closed) {
            hub.untake(io);
            throw closed;
        }
        inFlight++;
        device.dispatch(io);
    }

    private void range(IoType type, long offset, long length, IoCompletion completion, @Nullable Object userData) {
        plain(type, checks.block(type, offset), checks.blocks(type, length), completion, userData);
    }

    void plain(IoType type, long block, long count, IoCompletion completion, @Nullable Object userData) {
        admit(type, block, count);
        boolean emulated = type == IoType.WRITE_ZEROES && !bdev.isNative(type);
        long most = type == IoType.UNMAP
                ? rules.maxUnmapBlocks
                : type == IoType.WRITE_ZEROES ? rules.maxWriteZeroesBlocks : Long.MAX_VALUE;
        if (count > 0 && (emulated || count > most)) {
            SplitIo split = beginSplit(type, block, count, completion, userData);
            if (emulated) {
                split.emulate();
            }
            startSplit(split);
            return;
        }
        BdevIo io = hub.take(this);
        io.request(device, this, type, block, count, completion, userData);
        inFlight++;
        if (count == 0) {
            hub.deferEnd(io, IoStatus.SUCCESS);
        } else {
            device.dispatch(io);
        }
    }

    SplitIo beginSplit(IoType type, long block, long count, IoCompletion completion, @Nullable Object userData) {
        SplitIo split = hub.takeSplit(this);
        split.request(this, type, block, count, completion, userData);
        return split;
    }

    void startSplit(SplitIo split) {
        try {
            split.pinAll();
        } catch (RuntimeException closed) {
            hub.release(split);
            throw closed;
        }
        inFlight++;
        split.advance();
    }

    /**
     * A read, write, unmap, flush, write zeroes or reset in blocks, for those who pass on what others ask.
     *
     * @param buf what is read to or written from, from byte {@code at} on; the other types need none
     */
    public void submit(
            IoType type,
            @Nullable DmaBuf buf,
            long at,
            long block,
            long count,
            IoCompletion completion,
            @Nullable Object data) {
        switch (type) {
            case READ, WRITE -> rw(type, Objects.requireNonNull(buf, "buf"), at, block, count, completion, data);
            case RESET -> submitReset(completion, data);
            case UNMAP, FLUSH, WRITE_ZEROES -> plain(type, block, count, completion, data);
            default -> throw new IllegalArgumentException(type.jsonName() + " has a method of its own");
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** A request has ended, and its caller is told next. True if the channel is to be {@link #letGo} after that. */
    boolean requestEnded() {
        return --inFlight == 0 && !open;
    }

    /**
     * Takes no more requests; those it has go on to their ends. Idempotent, any thread; {@code spdk_put_io_channel}.
     */
    @Override
    public void close() {
        closeRequested = true;
        if (thread.isCurrent()) {
            closeHere();
        } else if (!thread.trySendInternal(this::closeHere)) {
            // The thread has exited and its channels with it; nothing can be in flight.
            desc.channelGone(this);
        }
    }

    private void closeHere() {
        if (open) {
            open = false;
            if (inFlight == 0) {
                letGo();
            }
        }
    }

    void letGo() {
        handle.close();
        desc.channelGone(this);
    }

    @Override
    public String toString() {
        return "channel of bdev " + bdev.name() + " on SpdkThread " + thread.name();
    }
}
