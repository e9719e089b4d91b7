// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link BdevChannel} can do beside reading, writing and clearing: compare, copy, zero copy, abort, NVMe
 * commands and seeks. Its rules are those of the channel, but each request allocates a few small objects.
 */
public abstract sealed class BdevCommands extends BdevChildren permits BdevChannel {
    /** The offset that a seek gives if there is no hole, or no data, from where it began. */
    public static final long NOWHERE = -1;

    private final BdevChannel channel = (BdevChannel) this;
    private final CommandIo commands = new CommandIo(channel);
    final FutureIo futures = new FutureIo(channel);

    BdevCommands(boolean isOfDevice) {
        super(isOfDevice);
    }

    CommandIo commands() {
        return commands;
    }

    private long block(IoType type, long offset) {
        return channel.checks().block(type, offset);
    }

    private long blocks(IoType type, long length) {
        return channel.checks().blocks(type, length);
    }

    /** What it can do with zones. */
    public ZoneCommands zones() {
        return new ZoneCommands(channel);
    }

    private static ResultCompletion<Void> plain(IoCompletion completion) {
        return (status, _, userData) -> completion.completed(status, userData);
    }

    /** The first blocks of a buffer. */
    private IoVec vec(IoType type, DmaBuf buf, long count) {
        long bytes = count * channel.bdev().blockSize();
        if (count <= 0 || bytes > buf.size()) {
            throw channel.checks().badMemory(type, buf.size(), count);
        }
        return IoVec.builder().add(buf, 0, bytes).build();
    }

    // ---- compare ---------------------------------------------------------------------------------------------------

    /**
     * Compares all of {@code buf} with what the device has from byte {@code offset} on; ends with
     * {@link IoStatus#isMiscompare} if they differ. By reads if the device cannot; {@code spdk_bdev_compare}.
     */
    public void submitCompare(DmaBuf buf, long offset, IoCompletion completion, @Nullable Object userData) {
        commands.submit(compareOf(IoVec.of(buf), block(IoType.COMPARE, offset)), plain(completion), userData);
    }

    /** {@link #submitCompare} with a future. Any thread. */
    public CompletableFuture<Void> compareAsync(DmaBuf buf, long offset) {
        return futures.async(compareOf(IoVec.of(buf), block(IoType.COMPARE, offset)));
    }

    /** {@link #submitCompare}, waiting for the end. In a task of its thread. */
    public void compare(DmaBuf buf, long offset) throws SpdkException {
        futures.await(compareOf(IoVec.of(buf), block(IoType.COMPARE, offset)));
    }

    /** The same for the first {@code count} blocks of {@code buf}; {@code spdk_bdev_compare_blocks}. */
    public void submitCompareBlocks(
            DmaBuf buf, long block, long count, IoCompletion completion, @Nullable Object userData) {
        commands.submit(Command.compare(vec(IoType.COMPARE, buf, count), block, count), plain(completion), userData);
    }

    /** {@link #submitCompareBlocks} with a future. Any thread. */
    public CompletableFuture<Void> compareBlocksAsync(DmaBuf buf, long block, long count) {
        return futures.async(Command.compare(vec(IoType.COMPARE, buf, count), block, count));
    }

    /** {@link #submitCompareBlocks}, waiting for the end. In a task of its thread. */
    public void compareBlocks(DmaBuf buf, long block, long count) throws SpdkException {
        futures.await(Command.compare(vec(IoType.COMPARE, buf, count), block, count));
    }

    /** The same for several pieces of memory; {@code spdk_bdev_comparev}. */
    public void submitComparev(IoVec vec, long offset, IoCompletion completion, @Nullable Object userData) {
        commands.submit(compareOf(vec, block(IoType.COMPARE, offset)), plain(completion), userData);
    }

    /** {@link #submitComparev} with a future. Any thread. */
    public CompletableFuture<Void> comparevAsync(IoVec vec, long offset) {
        return futures.async(compareOf(vec, block(IoType.COMPARE, offset)));
    }

    /** {@link #submitComparev}, waiting for the end. In a task of its thread. */
    public void comparev(IoVec vec, long offset) throws SpdkException {
        futures.await(compareOf(vec, block(IoType.COMPARE, offset)));
    }

    /** The same in blocks: all of {@code vec}; {@code spdk_bdev_comparev_blocks}. */
    public void submitComparevBlocks(IoVec vec, long block, IoCompletion completion, @Nullable Object userData) {
        commands.submit(compareOf(vec, block), plain(completion), userData);
    }

    /** {@link #submitComparevBlocks} with a future. Any thread. */
    public CompletableFuture<Void> comparevBlocksAsync(IoVec vec, long block) {
        return futures.async(compareOf(vec, block));
    }

    /** {@link #submitComparevBlocks}, waiting for the end. In a task of its thread. */
    public void comparevBlocks(IoVec vec, long block) throws SpdkException {
        futures.await(compareOf(vec, block));
    }

    private Command<Void> compareOf(IoVec vec, long block) {
        return Command.compare(vec, block, blocks(IoType.COMPARE, vec.totalBytes()));
    }

    // ---- compare and write -----------------------------------------------------------------------------------------

    /**
     * Stores all of {@code write} from byte {@code offset} on if the device has {@code compare} there, else ends with
     * {@link IoStatus#isMiscompare}. Nothing that this device does comes between. At most {@link Bdev#acwu} blocks;
     * under a lock of the range if the device cannot; {@code spdk_bdev_comparev_and_writev_blocks}.
     */
    public void submitCompareAndWrite(
            DmaBuf compare, DmaBuf write, long offset, IoCompletion completion, @Nullable Object userData) {
        commands.submit(
                compareAndWriteOf(IoVec.of(compare), IoVec.of(write), block(IoType.COMPARE_AND_WRITE, offset)),
                plain(completion),
                userData);
    }

    /** {@link #submitCompareAndWrite} with a future. Any thread. */
    public CompletableFuture<Void> compareAndWriteAsync(DmaBuf compare, DmaBuf write, long offset) {
        return futures.async(
                compareAndWriteOf(IoVec.of(compare), IoVec.of(write), block(IoType.COMPARE_AND_WRITE, offset)));
    }

    /** {@link #submitCompareAndWrite}, waiting for the end. In a task of its thread. */
    public void compareAndWrite(DmaBuf compare, DmaBuf write, long offset) throws SpdkException {
        futures.await(compareAndWriteOf(IoVec.of(compare), IoVec.of(write), block(IoType.COMPARE_AND_WRITE, offset)));
    }

    /** The same for several pieces of memory, in blocks: all of both. */
    public void submitComparevAndWritevBlocks(
            IoVec compare, IoVec write, long block, IoCompletion completion, @Nullable Object userData) {
        commands.submit(compareAndWriteOf(compare, write, block), plain(completion), userData);
    }

    /** {@link #submitComparevAndWritevBlocks} with a future. Any thread. */
    public CompletableFuture<Void> comparevAndWritevBlocksAsync(IoVec compare, IoVec write, long block) {
        return futures.async(compareAndWriteOf(compare, write, block));
    }

    /** {@link #submitComparevAndWritevBlocks}, waiting for the end. In a task of its thread. */
    public void comparevAndWritevBlocks(IoVec compare, IoVec write, long block) throws SpdkException {
        futures.await(compareAndWriteOf(compare, write, block));
    }

    private Command<Void> compareAndWriteOf(IoVec compare, IoVec write, long block) {
        return Command.compareAndWrite(compare, write, block, blocks(IoType.COMPARE_AND_WRITE, compare.totalBytes()));
    }

    // ---- copy ------------------------------------------------------------------------------------------------------

    /**
     * Copies a range of the device to another, the target first as in SPDK; by reads and writes if the device cannot.
     */
    public void submitCopy(
            long targetOffset, long sourceOffset, long length, IoCompletion completion, @Nullable Object userData) {
        commands.submit(
                Command.copy(
                        block(IoType.COPY, targetOffset),
                        block(IoType.COPY, sourceOffset),
                        blocks(IoType.COPY, length)),
                plain(completion),
                userData);
    }

    /** {@link #submitCopy} with a future. Any thread. */
    public CompletableFuture<Void> copyAsync(long targetOffset, long sourceOffset, long length) {
        return futures.async(Command.copy(
                block(IoType.COPY, targetOffset), block(IoType.COPY, sourceOffset), blocks(IoType.COPY, length)));
    }

    /** {@link #submitCopy}, waiting for the end. In a task of its thread. */
    public void copy(long targetOffset, long sourceOffset, long length) throws SpdkException {
        futures.await(Command.copy(
                block(IoType.COPY, targetOffset), block(IoType.COPY, sourceOffset), blocks(IoType.COPY, length)));
    }

    /** The same in blocks; {@code spdk_bdev_copy_blocks}. */
    public void submitCopyBlocks(
            long targetBlock, long sourceBlock, long count, IoCompletion completion, @Nullable Object userData) {
        commands.submit(Command.copy(targetBlock, sourceBlock, count), plain(completion), userData);
    }

    /** {@link #submitCopyBlocks} with a future. Any thread. */
    public CompletableFuture<Void> copyBlocksAsync(long targetBlock, long sourceBlock, long count) {
        return futures.async(Command.copy(targetBlock, sourceBlock, count));
    }

    /** {@link #submitCopyBlocks}, waiting for the end. In a task of its thread. */
    public void copyBlocks(long targetBlock, long sourceBlock, long count) throws SpdkException {
        futures.await(Command.copy(targetBlock, sourceBlock, count));
    }

    // ---- zero copy -------------------------------------------------------------------------------------------------

    /**
     * Asks the device for its own memory of a range; if {@code populate}, with what is in the range. It must be given
     * back by {@link ZeroCopy#submitEnd}: this channel is not closed before. {@code spdk_bdev_zcopy_start}.
     */
    public void submitZcopyStart(
            long offset,
            long length,
            boolean populate,
            ResultCompletion<ZeroCopy> completion,
            @Nullable Object userData) {
        commands.submit(
                Command.zcopyStart(block(IoType.ZCOPY, offset), blocks(IoType.ZCOPY, length), populate),
                completion,
                userData);
    }

    /** {@link #submitZcopyStart} with a future. Any thread. */
    public CompletableFuture<ZeroCopy> zcopyStartAsync(long offset, long length, boolean populate) {
        return futures.async(Command.zcopyStart(block(IoType.ZCOPY, offset), blocks(IoType.ZCOPY, length), populate));
    }

    /** {@link #submitZcopyStart}, waiting for the end. In a task of its thread. */
    public ZeroCopy zcopyStart(long offset, long length, boolean populate) throws SpdkException {
        return futures.await(Command.zcopyStart(block(IoType.ZCOPY, offset), blocks(IoType.ZCOPY, length), populate));
    }

    /** The same in blocks. */
    public void submitZcopyStartBlocks(
            long block,
            long count,
            boolean populate,
            ResultCompletion<ZeroCopy> completion,
            @Nullable Object userData) {
        commands.submit(Command.zcopyStart(block, count, populate), completion, userData);
    }

    /** {@link #submitZcopyStartBlocks} with a future. Any thread. */
    public CompletableFuture<ZeroCopy> zcopyStartBlocksAsync(long block, long count, boolean populate) {
        return futures.async(Command.zcopyStart(block, count, populate));
    }

    /** {@link #submitZcopyStartBlocks}, waiting for the end. In a task of its thread. */
    public ZeroCopy zcopyStartBlocks(long block, long count, boolean populate) throws SpdkException {
        return futures.await(Command.zcopyStart(block, count, populate));
    }

    // ---- locking ---------------------------------------------------------------------------------------------------

    /**
     * Locks blocks, so that only this channel changes them: what others submit to change them waits, on all threads, as
     * do all their NVMe commands; they may read. Ranges that overlap are granted first come first served, also to one
     * channel, and an emulated compare and write is a lock too. What this channel had under way before is not waited
     * for. Any thread; {@code bdev_lock_lba_range}.
     *
     * @return completes when what others had under way has ended
     * @throws IllegalStateException if the channel is closed
     */
    public CompletableFuture<RangeLock> lockRangeAsync(long block, long count) {
        if (channel.isClosed()) {
            throw new IllegalStateException(channel + " is closed: open another from the descriptor");
        }
        return RangeLock.lock(channel.desc(), channel, block, count);
    }

    /** {@link #lockRangeAsync}, waiting for it. In a task of its thread. */
    public RangeLock lockRange(long block, long count) throws SpdkException {
        return futures.await("lock of a range", () -> lockRangeAsync(block, count));
    }

    /** Ends early, if it can be, what was submitted with that user data and nobody waits for. On the thread. */
    void giveUp(Object target) {
        new AbortIo(channel, AbortIo.Target.with(target), (_, _) -> {}, null).begin();
    }

    // ---- abort -----------------------------------------------------------------------------------------------------

    /**
     * Aborts what was submitted on this channel with {@code target} as its user data, the very object. Succeeds if
     * all of it ended early or had ended meanwhile; fails if there was none, or if the device could not. What is
     * aborted ends by its own completion, with {@link IoStatus#ABORTED} as a rule; {@code spdk_bdev_abort}.
     */
    public void submitAbort(Object target, IoCompletion completion, @Nullable Object userData) {
        commands.submit(Command.abort(target), plain(completion), userData);
    }

    /** {@link #submitAbort} with a future. Any thread. */
    public CompletableFuture<Void> abortAsync(Object target) {
        return futures.async(Command.abort(target));
    }

    /** {@link #submitAbort}, waiting for the end. In a task of its thread. */
    public void abort(Object target) throws SpdkException {
        futures.await(Command.abort(target));
    }

    // ---- NVMe commands ---------------------------------------------------------------------------------------------

    /**
     * An NVMe command for the device's controller, its data in all of {@code buf}: not looked into, never split.
     * Gives dword 0 of its completion; {@code spdk_bdev_nvme_admin_passthru}.
     */
    public void submitNvmeAdmin(
            NvmeCommand command,
            @Nullable DmaBuf buf,
            ResultCompletion<Integer> completion,
            @Nullable Object userData) {
        commands.submit(nvmeOf(IoType.NVME_ADMIN, command, buf), completion, userData);
    }

    /** {@link #submitNvmeAdmin} with a future. Any thread. */
    public CompletableFuture<Integer> nvmeAdminAsync(NvmeCommand command, @Nullable DmaBuf buf) {
        return futures.async(nvmeOf(IoType.NVME_ADMIN, command, buf));
    }

    /** {@link #submitNvmeAdmin}, waiting for the end. In a task of its thread. */
    public int nvmeAdmin(NvmeCommand command, @Nullable DmaBuf buf) throws SpdkException {
        return futures.await(nvmeOf(IoType.NVME_ADMIN, command, buf));
    }

    /**
     * An NVMe command for the device's namespace, whose number the device fills in, its data in all of {@code buf}:
     * not looked into, never split. Gives dword 0 of its completion; {@code spdk_bdev_nvme_io_passthru}.
     */
    public void submitNvmeIo(
            NvmeCommand command,
            @Nullable DmaBuf buf,
            ResultCompletion<Integer> completion,
            @Nullable Object userData) {
        commands.submit(nvmeOf(IoType.NVME_IO, command, buf), completion, userData);
    }

    /** {@link #submitNvmeIo} with a future. Any thread. */
    public CompletableFuture<Integer> nvmeIoAsync(NvmeCommand command, @Nullable DmaBuf buf) {
        return futures.async(nvmeOf(IoType.NVME_IO, command, buf));
    }

    /** {@link #submitNvmeIo}, waiting for the end. In a task of its thread. */
    public int nvmeIo(NvmeCommand command, @Nullable DmaBuf buf) throws SpdkException {
        return futures.await(nvmeOf(IoType.NVME_IO, command, buf));
    }

    private static Command<Integer> nvmeOf(IoType type, NvmeCommand command, @Nullable DmaBuf buf) {
        return Command.nvme(type, command, buf == null ? null : IoVec.of(buf));
    }

    // ---- reads without a buffer ------------------------------------------------------------------------------------

    /**
     * Reads into memory of the pool, for which it waits if need be: who has no buffer gets one that holds what was
     * read, and closes it. Any thread; stands for {@code spdk_bdev_read} without a buffer.
     *
     * @param length bytes: whole blocks, at most 4 MiB
     */
    public CompletableFuture<DmaBuf> readPooledAsync(long offset, long length) {
        return PooledRead.begin(channel, offset, length);
    }

    // ---- seek ------------------------------------------------------------------------------------------------------

    /**
     * Gives the first byte that holds data from {@code offset} on, or {@link #NOWHERE}; a device that cannot tell has
     * no holes.
     */
    public void submitSeekData(long offset, ResultCompletion<Long> completion, @Nullable Object userData) {
        commands.submit(
                Command.seek(
                        IoType.SEEK_DATA,
                        block(IoType.SEEK_DATA, offset),
                        channel.bdev().blockSize()),
                completion,
                userData);
    }

    /** {@link #submitSeekData} with a future. Any thread. */
    public CompletableFuture<Long> seekDataAsync(long offset) {
        return futures.async(Command.seek(
                IoType.SEEK_DATA,
                block(IoType.SEEK_DATA, offset),
                channel.bdev().blockSize()));
    }

    /** {@link #submitSeekData}, waiting for the end. In a task of its thread. */
    public long seekData(long offset) throws SpdkException {
        return futures.await(Command.seek(
                IoType.SEEK_DATA,
                block(IoType.SEEK_DATA, offset),
                channel.bdev().blockSize()));
    }

    /** The same in blocks; {@code spdk_bdev_seek_data}. */
    public void submitSeekDataBlocks(long block, ResultCompletion<Long> completion, @Nullable Object userData) {
        commands.submit(Command.seek(IoType.SEEK_DATA, block, 1), completion, userData);
    }

    /** {@link #submitSeekDataBlocks} with a future. Any thread. */
    public CompletableFuture<Long> seekDataBlocksAsync(long block) {
        return futures.async(Command.seek(IoType.SEEK_DATA, block, 1));
    }

    /** {@link #submitSeekDataBlocks}, waiting for the end. In a task of its thread. */
    public long seekDataBlocks(long block) throws SpdkException {
        return futures.await(Command.seek(IoType.SEEK_DATA, block, 1));
    }

    /**
     * Gives the first byte that holds nothing from {@code offset} on, or {@link #NOWHERE}; a device that cannot tell
     * has no holes.
     */
    public void submitSeekHole(long offset, ResultCompletion<Long> completion, @Nullable Object userData) {
        commands.submit(
                Command.seek(
                        IoType.SEEK_HOLE,
                        block(IoType.SEEK_HOLE, offset),
                        channel.bdev().blockSize()),
                completion,
                userData);
    }

    /** {@link #submitSeekHole} with a future. Any thread. */
    public CompletableFuture<Long> seekHoleAsync(long offset) {
        return futures.async(Command.seek(
                IoType.SEEK_HOLE,
                block(IoType.SEEK_HOLE, offset),
                channel.bdev().blockSize()));
    }

    /** {@link #submitSeekHole}, waiting for the end. In a task of its thread. */
    public long seekHole(long offset) throws SpdkException {
        return futures.await(Command.seek(
                IoType.SEEK_HOLE,
                block(IoType.SEEK_HOLE, offset),
                channel.bdev().blockSize()));
    }

    /** The same in blocks; {@code spdk_bdev_seek_hole}. */
    public void submitSeekHoleBlocks(long block, ResultCompletion<Long> completion, @Nullable Object userData) {
        commands.submit(Command.seek(IoType.SEEK_HOLE, block, 1), completion, userData);
    }

    /** {@link #submitSeekHoleBlocks} with a future. Any thread. */
    public CompletableFuture<Long> seekHoleBlocksAsync(long block) {
        return futures.async(Command.seek(IoType.SEEK_HOLE, block, 1));
    }

    /** {@link #submitSeekHoleBlocks}, waiting for the end. In a task of its thread. */
    public long seekHoleBlocks(long block) throws SpdkException {
        return futures.await(Command.seek(IoType.SEEK_HOLE, block, 1));
    }
}
