// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code spdk/blob.h} for I/O; on the thread of the channel. Offsets and counts are io units.
 * Callbacks may come before a call returns.
 */
public final class BlobIoApi {
    private static final MethodHandle READ = BlobstoreApi.function("spdk_blob_io_read", 7);
    private static final MethodHandle WRITE = BlobstoreApi.function("spdk_blob_io_write", 7);
    private static final MethodHandle READV = vectored("spdk_blob_io_readv");
    private static final MethodHandle WRITEV = vectored("spdk_blob_io_writev");
    private static final MethodHandle WRITE_ZEROES = BlobstoreApi.function("spdk_blob_io_write_zeroes", 6);
    private static final MethodHandle UNMAP = BlobstoreApi.function("spdk_blob_io_unmap", 6);

    private BlobIoApi() {}

    private static MethodHandle vectored(String symbol) {
        return Downcall.ofVoid(
                symbol, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    /** {@code spdk_blob_io_read}. */
    public static void read(long blob, long channel, long data, long offset, long count, long callback, long arg) {
        try {
            READ.invokeExact(blob, channel, data, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_io_write}. */
    public static void write(long blob, long channel, long data, long offset, long count, long callback, long arg) {
        try {
            WRITE.invokeExact(blob, channel, data, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_io_readv}; the iovecs stay until the callback. */
    public static void readv(
            long blob, long channel, long iov, int iovcnt, long offset, long count, long callback, long arg) {
        try {
            READV.invokeExact(blob, channel, iov, iovcnt, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_io_writev}; the iovecs stay until the callback. */
    public static void writev(
            long blob, long channel, long iov, int iovcnt, long offset, long count, long callback, long arg) {
        try {
            WRITEV.invokeExact(blob, channel, iov, iovcnt, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_io_write_zeroes}. */
    public static void writeZeroes(long blob, long channel, long offset, long count, long callback, long arg) {
        try {
            WRITE_ZEROES.invokeExact(blob, channel, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_blob_io_unmap}. */
    public static void unmap(long blob, long channel, long offset, long count, long callback, long arg) {
        try {
            UNMAP.invokeExact(blob, channel, offset, count, callback, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
