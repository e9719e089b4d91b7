// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * I/O on the blobs of a store from one thread. Stands for the {@code spdk_io_channel} of a blobstore.
 *
 * <p>Every operation comes in three styles of one name: {@code submitRead} calls back and allocates nothing, {@code
 * readAsync} returns a future, {@code read} waits in a task. Offsets and counts are <em>io units</em> of the blob. What
 * is wrong with a request is found before it is submitted, and thrown: {@link IllegalArgumentException} for ranges,
 * sizes and blobs of other stores, {@link IllegalStateException} for what is closed or read-only, {@link
 * LimitExceededException} if {@link #MAX_REQUESTS} are under way or wait. A submit that throws never calls back.
 *
 * <p>Requests end in any order, with ENOSPC if a thin blob finds no cluster to write to, EINVAL if the blob was made
 * smaller meanwhile, EIO if the device fails. Requests beyond {@link BlobstoreOptions#maxChannelOps} wait in the order
 * in which they came. The memory of a request is in flight, and cannot be closed, until its end. Data is as durable as
 * the block device makes it; the place of data in a thin blob is durable with it.
 *
 * <p>Thread rule: {@code submit…} on its thread; {@code …Async} anywhere; the waiting style in a task of that thread;
 * {@link #close} anywhere.
 */
public interface BlobChannel extends AutoCloseable {
    /** The most requests of a channel, under way and waiting. */
    int MAX_REQUESTS = 1 << 16;

    /** The store. Any thread. */
    Blobstore store();

    /** The thread it belongs to. Any thread. */
    SpdkThread thread();

    /** Whether {@link #close} was called. Any thread. */
    boolean isClosed();

    /** Requests that have not ended yet. On its thread. */
    int inFlight();

    /**
     * Submits a read, a write, a write of zeroes or an unmap. On its thread.
     *
     * @param buf what is transferred: its first {@code count} io units; null for operations without data
     * @param offset the first io unit of the blob
     * @param count the number of io units, at least 1
     */
    void submit(
            IoType type,
            Blob blob,
            @Nullable DmaBuf buf,
            long offset,
            long count,
            IoCompletion completion,
            @Nullable Object userData);

    /** Submits a read or a write of all of {@code vec}, whole io units in all. On its thread. */
    void submitVector(
            IoType type, Blob blob, IoVec vec, long offset, IoCompletion completion, @Nullable Object userData);

    /** Reads io units into the beginning of {@code buf}; {@code spdk_blob_io_read}. */
    default void submitRead(
            Blob blob, DmaBuf buf, long offset, long count, IoCompletion end, @Nullable Object userData) {
        submit(IoType.READ, blob, buf, offset, count, end, userData);
    }

    /** Stores io units from the beginning of {@code buf}; {@code spdk_blob_io_write}. */
    default void submitWrite(
            Blob blob, DmaBuf buf, long offset, long count, IoCompletion end, @Nullable Object userData) {
        submit(IoType.WRITE, blob, buf, offset, count, end, userData);
    }

    /** Reads io units into several pieces of memory; {@code spdk_blob_io_readv}. */
    default void submitReadv(Blob blob, IoVec vec, long offset, IoCompletion end, @Nullable Object userData) {
        submitVector(IoType.READ, blob, vec, offset, end, userData);
    }

    /** Stores io units from several pieces of memory; {@code spdk_blob_io_writev}. */
    default void submitWritev(Blob blob, IoVec vec, long offset, IoCompletion end, @Nullable Object userData) {
        submitVector(IoType.WRITE, blob, vec, offset, end, userData);
    }

    /** Makes io units read as zeroes; {@code spdk_blob_io_write_zeroes}. */
    default void submitWriteZeroes(Blob blob, long offset, long count, IoCompletion end, @Nullable Object userData) {
        submit(IoType.WRITE_ZEROES, blob, null, offset, count, end, userData);
    }

    /**
     * Says that io units hold nothing any more; {@code spdk_blob_io_unmap}. What they read then is the device's affair,
     * except that a whole cluster of a thin blob that stands on nothing is given back, and reads as zeroes. Where a
     * clone has no cluster of its own nothing is done: it goes on showing what it stands on, which {@link
     * #submitWriteZeroes} would hide.
     */
    default void submitUnmap(Blob blob, long offset, long count, IoCompletion end, @Nullable Object userData) {
        submit(IoType.UNMAP, blob, null, offset, count, end, userData);
    }

    /** {@link #submitRead} with a future. */
    default CompletableFuture<Void> readAsync(Blob blob, DmaBuf buf, long offset, long count) {
        return BlobFutures.async(this, IoType.READ, blob, buf, null, offset, count);
    }

    /** {@link #submitWrite} with a future. */
    default CompletableFuture<Void> writeAsync(Blob blob, DmaBuf buf, long offset, long count) {
        return BlobFutures.async(this, IoType.WRITE, blob, buf, null, offset, count);
    }

    /** {@link #submitReadv} with a future. */
    default CompletableFuture<Void> readvAsync(Blob blob, IoVec vec, long offset) {
        return BlobFutures.async(this, IoType.READ, blob, null, vec, offset, 0);
    }

    /** {@link #submitWritev} with a future. */
    default CompletableFuture<Void> writevAsync(Blob blob, IoVec vec, long offset) {
        return BlobFutures.async(this, IoType.WRITE, blob, null, vec, offset, 0);
    }

    /** {@link #submitWriteZeroes} with a future. */
    default CompletableFuture<Void> writeZeroesAsync(Blob blob, long offset, long count) {
        return BlobFutures.async(this, IoType.WRITE_ZEROES, blob, null, null, offset, count);
    }

    /** {@link #submitUnmap} with a future. */
    default CompletableFuture<Void> unmapAsync(Blob blob, long offset, long count) {
        return BlobFutures.async(this, IoType.UNMAP, blob, null, null, offset, count);
    }

    /** {@link #submitRead}, waiting for the end. */
    default void read(Blob blob, DmaBuf buf, long offset, long count) throws SpdkException {
        BlobFutures.await(this, () -> readAsync(blob, buf, offset, count));
    }

    /** {@link #submitWrite}, waiting for the end. */
    default void write(Blob blob, DmaBuf buf, long offset, long count) throws SpdkException {
        BlobFutures.await(this, () -> writeAsync(blob, buf, offset, count));
    }

    /** {@link #submitReadv}, waiting for the end. */
    default void readv(Blob blob, IoVec vec, long offset) throws SpdkException {
        BlobFutures.await(this, () -> readvAsync(blob, vec, offset));
    }

    /** {@link #submitWritev}, waiting for the end. */
    default void writev(Blob blob, IoVec vec, long offset) throws SpdkException {
        BlobFutures.await(this, () -> writevAsync(blob, vec, offset));
    }

    /** {@link #submitWriteZeroes}, waiting for the end. */
    default void writeZeroes(Blob blob, long offset, long count) throws SpdkException {
        BlobFutures.await(this, () -> writeZeroesAsync(blob, offset, count));
    }

    /** {@link #submitUnmap}, waiting for the end. */
    default void unmap(Blob blob, long offset, long count) throws SpdkException {
        BlobFutures.await(this, () -> unmapAsync(blob, offset, count));
    }

    /** Takes no more requests; those it has go on to their ends; {@code spdk_bs_free_io_channel}. Idempotent. */
    @Override
    void close();

    /** Completes when its last request has ended and nothing is left of it. Any thread. */
    CompletableFuture<Void> closed();
}
