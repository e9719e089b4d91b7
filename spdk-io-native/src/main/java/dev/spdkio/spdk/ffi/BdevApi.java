// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/bdev.h} off the data path. */
public final class BdevApi {
    private static final MethodHandle OPEN_EXT =
            Downcall.of("spdk_bdev_open_ext", JAVA_INT, JAVA_LONG, JAVA_BOOLEAN, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CLOSE = Downcall.ofVoid("spdk_bdev_close", JAVA_LONG);
    private static final MethodHandle DESC_GET_BDEV = pointer("spdk_bdev_desc_get_bdev");
    private static final MethodHandle GET_IO_CHANNEL = pointer("spdk_bdev_get_io_channel");
    private static final MethodHandle PUT_IO_CHANNEL = Downcall.ofVoid("spdk_put_io_channel", JAVA_LONG);
    private static final MethodHandle FIRST = Downcall.of("spdk_bdev_first", JAVA_LONG);
    private static final MethodHandle NEXT = pointer("spdk_bdev_next");
    private static final MethodHandle GET_BY_NAME = pointer("spdk_bdev_get_by_name");
    private static final MethodHandle NAME = pointer("spdk_bdev_get_name");
    private static final MethodHandle PRODUCT_NAME = pointer("spdk_bdev_get_product_name");
    private static final MethodHandle MODULE_NAME = pointer("spdk_bdev_get_module_name");
    private static final MethodHandle UUID = pointer("spdk_bdev_get_uuid");
    private static final MethodHandle BLOCK_SIZE = number("spdk_bdev_get_block_size", JAVA_INT);
    private static final MethodHandle NUM_BLOCKS = number("spdk_bdev_get_num_blocks", JAVA_LONG);
    private static final MethodHandle BUF_ALIGN = number("spdk_bdev_get_buf_align", JAVA_LONG);
    private static final MethodHandle OPTIMAL_IO_BOUNDARY = number("spdk_bdev_get_optimal_io_boundary", JAVA_INT);
    private static final MethodHandle WRITE_UNIT_SIZE = number("spdk_bdev_get_write_unit_size", JAVA_INT);
    private static final MethodHandle ACWU = number("spdk_bdev_get_acwu", JAVA_SHORT);
    private static final MethodHandle MAX_COPY = number("spdk_bdev_get_max_copy", JAVA_INT);
    private static final MethodHandle HAS_WRITE_CACHE = number("spdk_bdev_has_write_cache", JAVA_BOOLEAN);
    private static final MethodHandle IO_TYPE_SUPPORTED =
            Downcall.of("spdk_bdev_io_type_supported", JAVA_BOOLEAN, JAVA_LONG, JAVA_INT);
    private static final MethodHandle QUEUE_IO_WAIT =
            Downcall.of("spdk_bdev_queue_io_wait", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /** No address is among the last so many. */
    private static final int MAX_ERRNO = 4095;

    private BdevApi() {}

    private static MethodHandle pointer(String symbol) {
        return Downcall.of(symbol, JAVA_LONG, JAVA_LONG);
    }

    private static MethodHandle number(String symbol, MemoryLayout result) {
        return Downcall.of(symbol, result, JAVA_LONG);
    }

    private static long call(MethodHandle handle, long argument) {
        try {
            return (long) handle.invokeExact(argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static int callInt(MethodHandle handle, long argument) {
        try {
            return (int) handle.invokeExact(argument);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /**
     * {@code spdk_bdev_open_ext}; on an SPDK thread.
     *
     * @return the descriptor, or a negative error number
     */
    public static long open(String name, boolean write, long eventCallback, long argument) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment desc = arena.allocate(JAVA_LONG);
            int rc = (int) OPEN_EXT.invokeExact(
                    arena.allocateFrom(name).address(), write, eventCallback, argument, desc.address());
            return rc != 0 ? rc : desc.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** The error number in what {@link #open} returned; 0 if it is a descriptor. */
    public static int errno(long opened) {
        return opened < 0 && opened >= -MAX_ERRNO ? (int) -opened : 0;
    }

    /** {@code spdk_bdev_close}; on the thread that opened it. */
    public static void close(long desc) {
        try {
            CLOSE.invokeExact(desc);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_desc_get_bdev}. */
    public static long bdev(long desc) {
        return call(DESC_GET_BDEV, desc);
    }

    /** {@code spdk_bdev_get_io_channel}: one of the current thread; 0 on failure. */
    public static long ioChannel(long desc) {
        return call(GET_IO_CHANNEL, desc);
    }

    /** {@code spdk_put_io_channel}; on its thread. */
    public static void putIoChannel(long channel) {
        try {
            PUT_IO_CHANNEL.invokeExact(channel);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_first}; app thread, where devices come and go. */
    public static long first() {
        try {
            return (long) FIRST.invokeExact();
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_next}; app thread. */
    public static long next(long bdev) {
        return call(NEXT, bdev);
    }

    /** {@code spdk_bdev_get_by_name}: by name or alias; 0 if there is none. App thread. */
    public static long byName(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return call(GET_BY_NAME, arena.allocateFrom(name).address());
        }
    }

    /** {@code spdk_bdev_get_name}. */
    public static String name(long bdev) {
        return Raw.string(call(NAME, bdev));
    }

    /** {@code spdk_bdev_get_product_name}. */
    public static String productName(long bdev) {
        return Raw.string(call(PRODUCT_NAME, bdev));
    }

    /** {@code spdk_bdev_get_module_name}. */
    public static String moduleName(long bdev) {
        return Raw.string(call(MODULE_NAME, bdev));
    }

    /** {@code spdk_bdev_get_uuid}. */
    public static java.util.UUID uuid(long bdev) {
        long raw = call(UUID, bdev);
        return new java.util.UUID(Long.reverseBytes(Raw.getLong(raw)), Long.reverseBytes(Raw.getLong(raw + 8)));
    }

    /** {@code spdk_bdev_get_block_size}, in bytes. */
    public static int blockSize(long bdev) {
        return callInt(BLOCK_SIZE, bdev);
    }

    /** {@code spdk_bdev_get_num_blocks}. */
    public static long blockCount(long bdev) {
        return call(NUM_BLOCKS, bdev);
    }

    /** {@code spdk_bdev_get_buf_align}, in bytes. */
    public static long bufferAlignment(long bdev) {
        return call(BUF_ALIGN, bdev);
    }

    /** {@code spdk_bdev_get_optimal_io_boundary}, in blocks; 0 for none. */
    public static int optimalIoBoundary(long bdev) {
        return callInt(OPTIMAL_IO_BOUNDARY, bdev);
    }

    /** {@code spdk_bdev_get_write_unit_size}, in blocks. */
    public static int writeUnitSize(long bdev) {
        return callInt(WRITE_UNIT_SIZE, bdev);
    }

    /** {@code spdk_bdev_get_acwu}, in blocks. */
    public static int acwu(long bdev) {
        try {
            return Short.toUnsignedInt((short) ACWU.invokeExact(bdev));
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_get_max_copy}, in blocks; 0 for no limit. */
    public static long maxCopy(long bdev) {
        return Integer.toUnsignedLong(callInt(MAX_COPY, bdev));
    }

    /** {@code spdk_bdev_has_write_cache}. */
    public static boolean hasWriteCache(long bdev) {
        try {
            return (boolean) HAS_WRITE_CACHE.invokeExact(bdev);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_type_supported}. */
    public static boolean supports(long bdev, int ioType) {
        try {
            return (boolean) IO_TYPE_SUPPORTED.invokeExact(bdev, ioType);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_queue_io_wait}: 0, or -EINVAL if there is room already. */
    public static int queueIoWait(long bdev, long channel, long entry) {
        try {
            return (int) QUEUE_IO_WAIT.invokeExact(bdev, channel, entry);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
