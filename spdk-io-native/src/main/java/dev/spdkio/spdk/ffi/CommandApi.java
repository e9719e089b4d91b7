// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code spdk/bdev.h} that submit the rarer types of I/O. All return 0 or a negative error number, and
 * call back only if they return 0; ranges are in blocks. On the SPDK thread of the channel.
 */
public final class CommandApi {
    private static final MethodHandle COMPARE = Downcall.of(
            "spdk_bdev_comparev_blocks",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle COMPARE_AND_WRITE = Downcall.of(
            "spdk_bdev_comparev_and_writev_blocks",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle COPY = Downcall.of(
            "spdk_bdev_copy_blocks",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle ZCOPY_START = Downcall.of(
            "spdk_bdev_zcopy_start",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_BOOLEAN,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle ZCOPY_END =
            Downcall.of("spdk_bdev_zcopy_end", JAVA_INT, JAVA_LONG, JAVA_BOOLEAN, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle NVME_ADMIN = nvme("spdk_bdev_nvme_admin_passthru");
    private static final MethodHandle NVME_IO = nvme("spdk_bdev_nvme_io_passthru");
    private static final MethodHandle SEEK_DATA = five("spdk_bdev_seek_data");
    private static final MethodHandle SEEK_HOLE = five("spdk_bdev_seek_hole");
    private static final MethodHandle ABORT = five("spdk_bdev_abort");
    private static final MethodHandle SEEK_OFFSET = Downcall.of("spdk_bdev_io_get_seek_offset", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GET_IOVEC =
            Downcall.ofVoid("spdk_bdev_io_get_iovec", JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private CommandApi() {}

    private static MethodHandle nvme(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    private static MethodHandle five(String symbol) {
        return Downcall.of(symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    private static int call(MethodHandle handle, long a, long b, long c, long callback, long argument) {
        try {
            return (int) handle.invokeExact(a, b, c, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_comparev_blocks}. */
    public static int compare(
            long desc, long channel, long iovs, int iovcnt, long block, long count, long callback, long argument) {
        try {
            return (int) COMPARE.invokeExact(desc, channel, iovs, iovcnt, block, count, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_comparev_and_writev_blocks}. */
    public static int compareAndWrite(
            long desc,
            long channel,
            long compareIovs,
            int compareCount,
            long writeIovs,
            int writeCount,
            long block,
            long count,
            long callback,
            long argument) {
        try {
            return (int) COMPARE_AND_WRITE.invokeExact(
                    desc, channel, compareIovs, compareCount, writeIovs, writeCount, block, count, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_copy_blocks}. */
    public static int copy(
            long desc, long channel, long target, long source, long count, long callback, long argument) {
        try {
            return (int) COPY.invokeExact(desc, channel, target, source, count, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_zcopy_start} with the device's own memory. */
    public static int zcopyStart(
            long desc, long channel, long block, long count, boolean populate, long callback, long argument) {
        try {
            return (int) ZCOPY_START.invokeExact(desc, channel, 0L, 0, block, count, populate, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_zcopy_end}. */
    public static int zcopyEnd(long io, boolean commit, long callback, long argument) {
        try {
            return (int) ZCOPY_END.invokeExact(io, commit, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_nvme_admin_passthru} or {@code spdk_bdev_nvme_io_passthru}. */
    public static int nvme(
            boolean admin, long desc, long channel, long command, long data, long bytes, long callback, long argument) {
        try {
            return admin
                    ? (int) NVME_ADMIN.invokeExact(desc, channel, command, data, bytes, callback, argument)
                    : (int) NVME_IO.invokeExact(desc, channel, command, data, bytes, callback, argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_seek_data}. */
    public static int seekData(long desc, long channel, long block, long callback, long argument) {
        return call(SEEK_DATA, desc, channel, block, callback, argument);
    }

    /** {@code spdk_bdev_seek_hole}. */
    public static int seekHole(long desc, long channel, long block, long callback, long argument) {
        return call(SEEK_HOLE, desc, channel, block, callback, argument);
    }

    /**
     * {@code spdk_bdev_abort}.
     *
     * @param target the argument with which the I/O to abort was submitted
     */
    public static int abort(long desc, long channel, long target, long callback, long argument) {
        return call(ABORT, desc, channel, target, callback, argument);
    }

    /** {@code spdk_bdev_io_get_seek_offset}: a block, or -1 for none. */
    public static long seekOffset(long io) {
        try {
            return (long) SEEK_OFFSET.invokeExact(io);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /**
     * {@code spdk_bdev_io_get_iovec}.
     *
     * @param out 16 bytes, of which the first 8 become the address of the iovecs
     * @return how many there are
     */
    public static int iovecs(long io, long out) {
        try {
            GET_IOVEC.invokeExact(io, out, out + Raw.POINTER);
            return Raw.getInt(out + Raw.POINTER);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
