// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * I/O on a controller from one thread. Stands for {@code struct spdk_nvme_qpair}.
 *
 * <p>The usual operations come in three styles of one name: {@code submitRead} calls back and allocates nothing,
 * {@code readAsync} returns a future, {@code read} waits in a task. Places and lengths are <em>blocks</em> of the
 * namespace. What is wrong with a request is found before it is submitted, and thrown: {@link IllegalArgumentException}
 * for ranges, sizes, alignment and namespaces of other controllers, {@link IllegalStateException} for what is closed,
 * {@link UnsupportedOperationException} for what the controller cannot do, {@link LimitExceededException} if
 * {@link QueuePairOptions#maxRequests} are under way or wait. A submit that throws never calls back. A failed future
 * holds a {@link NvmeException}, or what a submit would have thrown.
 *
 * <p>Where the driver has no request object left, requests wait in the order in which they came. What a command longer
 * than the controller takes needs is done by the driver. The memory of a request is in flight, and cannot be closed,
 * until its end.
 *
 * <p>Thread rule: {@code submit…} on its thread; {@code …Async} anywhere; the waiting style in a task of that thread;
 * {@link #close} anywhere.
 */
public interface NvmeQueuePair extends AutoCloseable {
    /** Flag of reads and writes: bypasses the volatile cache ({@code SPDK_NVME_IO_FLAGS_FORCE_UNIT_ACCESS}). */
    int FORCE_UNIT_ACCESS = 1 << 30;

    /** Flag of reads and writes: the device need not try hard ({@code SPDK_NVME_IO_FLAGS_LIMITED_RETRY}). */
    int LIMITED_RETRY = 1 << 31;

    /** The controller. */
    NvmeController controller();

    /** The thread it belongs to. */
    SpdkThread thread();

    /** Whether it is connected now. On its thread. */
    boolean isConnected();

    /** Whether {@link #close} was called. Any thread. */
    boolean isClosed();

    /** Requests that have not ended yet. On its thread. */
    int inFlight();

    /**
     * Submits any operation but {@link NvmeOperation#COMMAND}. On its thread.
     *
     * @param buf what is transferred: its first {@code blocks} blocks; null for operations without data
     * @param lba the first block; 0 for a flush
     * @param blocks the number of blocks, at least 1; 0 for a flush
     * @param flags {@link #FORCE_UNIT_ACCESS}, {@link #LIMITED_RETRY}, or 0
     */
    void submit(
            NvmeOperation operation,
            NvmeNamespace namespace,
            @Nullable DmaBuf buf,
            long lba,
            long blocks,
            int flags,
            NvmeCompletion completion,
            @Nullable Object userData);

    /** Submits a transfer of all of {@code vec}, whole blocks in all: a read, a write or a compare. On its thread. */
    void submitVector(
            NvmeOperation operation,
            NvmeNamespace namespace,
            IoVec vec,
            long lba,
            int flags,
            NvmeCompletion completion,
            @Nullable Object userData);

    /**
     * Sends a command as it is, one of the vendor's too; {@code spdk_nvme_ctrlr_cmd_io_raw}. It is never sent again
     * after a loss. On its thread.
     *
     * @param data what the command transfers, all of it; null for nothing
     */
    void submitCommand(
            NvmeCommand command, @Nullable DmaBuf data, NvmeCompletion completion, @Nullable Object userData);

    /** Reads blocks into the beginning of {@code buf}; {@code spdk_nvme_ns_cmd_read}. */
    default void submitRead(
            NvmeNamespace ns, DmaBuf buf, long lba, long blocks, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.READ, ns, buf, lba, blocks, 0, end, userData);
    }

    /** Stores blocks from the beginning of {@code buf}; {@code spdk_nvme_ns_cmd_write}. */
    default void submitWrite(
            NvmeNamespace ns, DmaBuf buf, long lba, long blocks, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.WRITE, ns, buf, lba, blocks, 0, end, userData);
    }

    /** Compares blocks with the beginning of {@code buf}; {@code spdk_nvme_ns_cmd_compare}. */
    default void submitCompare(
            NvmeNamespace ns, DmaBuf buf, long lba, long blocks, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.COMPARE, ns, buf, lba, blocks, 0, end, userData);
    }

    /** Reads blocks into several pieces of memory; {@code spdk_nvme_ns_cmd_readv}. */
    default void submitReadv(NvmeNamespace ns, IoVec vec, long lba, NvmeCompletion end, @Nullable Object userData) {
        submitVector(NvmeOperation.READ, ns, vec, lba, 0, end, userData);
    }

    /** Stores blocks from several pieces of memory; {@code spdk_nvme_ns_cmd_writev}. */
    default void submitWritev(NvmeNamespace ns, IoVec vec, long lba, NvmeCompletion end, @Nullable Object userData) {
        submitVector(NvmeOperation.WRITE, ns, vec, lba, 0, end, userData);
    }

    /** Makes durable what was written; {@code spdk_nvme_ns_cmd_flush}. */
    default void submitFlush(NvmeNamespace ns, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.FLUSH, ns, null, 0, 0, 0, end, userData);
    }

    /** Makes at most 65536 blocks read as zeroes; {@code spdk_nvme_ns_cmd_write_zeroes}. */
    default void submitWriteZeroes(
            NvmeNamespace ns, long lba, long blocks, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.WRITE_ZEROES, ns, null, lba, blocks, 0, end, userData);
    }

    /** Says that blocks hold nothing any more; {@code spdk_nvme_ns_cmd_dataset_management}. */
    default void submitDeallocate(
            NvmeNamespace ns, long lba, long blocks, NvmeCompletion end, @Nullable Object userData) {
        submit(NvmeOperation.DEALLOCATE, ns, null, lba, blocks, 0, end, userData);
    }

    /** {@link #submit} with a future. */
    default CompletableFuture<Void> async(
            NvmeOperation operation, NvmeNamespace ns, @Nullable DmaBuf buf, long lba, long blocks, int flags) {
        return NvmeFutures.done(NvmeFutures.async(
                thread(),
                () -> "%s of %d blocks at block %d of namespace %d of %s"
                        .formatted(operation.text(), blocks, lba, ns.id(), controller()),
                buf,
                (memory, end) -> submit(operation, ns, memory, lba, blocks, flags, end, null)));
    }

    /** {@link #submitRead} with a future. */
    default CompletableFuture<Void> readAsync(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) {
        return async(NvmeOperation.READ, ns, buf, lba, blocks, 0);
    }

    /** {@link #submitWrite} with a future. */
    default CompletableFuture<Void> writeAsync(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) {
        return async(NvmeOperation.WRITE, ns, buf, lba, blocks, 0);
    }

    /** {@link #submitCompare} with a future. */
    default CompletableFuture<Void> compareAsync(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) {
        return async(NvmeOperation.COMPARE, ns, buf, lba, blocks, 0);
    }

    /** {@link #submitFlush} with a future. */
    default CompletableFuture<Void> flushAsync(NvmeNamespace ns) {
        return async(NvmeOperation.FLUSH, ns, null, 0, 0, 0);
    }

    /** {@link #submitWriteZeroes} with a future. */
    default CompletableFuture<Void> writeZeroesAsync(NvmeNamespace ns, long lba, long blocks) {
        return async(NvmeOperation.WRITE_ZEROES, ns, null, lba, blocks, 0);
    }

    /** {@link #submitDeallocate} with a future. */
    default CompletableFuture<Void> deallocateAsync(NvmeNamespace ns, long lba, long blocks) {
        return async(NvmeOperation.DEALLOCATE, ns, null, lba, blocks, 0);
    }

    /** {@link #submitCommand} with a future, which has the result's dwords 0 and 1. */
    default CompletableFuture<Long> commandAsync(NvmeCommand command, @Nullable DmaBuf data) {
        return NvmeFutures.async(
                thread(),
                () -> command + " to " + controller(),
                data,
                (buf, end) -> submitCommand(command, buf, end, null));
    }

    /** {@link #submitRead}, waiting for the end. */
    default void read(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) throws SpdkException {
        NvmeFutures.await(thread(), () -> readAsync(ns, buf, lba, blocks));
    }

    /** {@link #submitWrite}, waiting for the end. */
    default void write(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) throws SpdkException {
        NvmeFutures.await(thread(), () -> writeAsync(ns, buf, lba, blocks));
    }

    /** {@link #submitCompare}, waiting for the end; other data throws {@link NvmeException}. */
    default void compare(NvmeNamespace ns, DmaBuf buf, long lba, long blocks) throws SpdkException {
        NvmeFutures.await(thread(), () -> compareAsync(ns, buf, lba, blocks));
    }

    /** {@link #submitFlush}, waiting for the end. */
    default void flush(NvmeNamespace ns) throws SpdkException {
        NvmeFutures.await(thread(), () -> flushAsync(ns));
    }

    /** {@link #submitWriteZeroes}, waiting for the end. */
    default void writeZeroes(NvmeNamespace ns, long lba, long blocks) throws SpdkException {
        NvmeFutures.await(thread(), () -> writeZeroesAsync(ns, lba, blocks));
    }

    /** {@link #submitDeallocate}, waiting for the end. */
    default void deallocate(NvmeNamespace ns, long lba, long blocks) throws SpdkException {
        NvmeFutures.await(thread(), () -> deallocateAsync(ns, lba, blocks));
    }

    /** {@link #submitCommand}, waiting for the end; gives the result's dwords 0 and 1. */
    default long command(NvmeCommand command, @Nullable DmaBuf data) throws SpdkException {
        return NvmeFutures.await(thread(), () -> commandAsync(command, data));
    }

    /**
     * Takes no more requests; those it has end as aborted; {@code spdk_nvme_ctrlr_free_io_qpair}. Idempotent, any
     * thread.
     */
    @Override
    void close();

    /** Completes when nothing is left of it. */
    CompletableFuture<Void> closed();
}
