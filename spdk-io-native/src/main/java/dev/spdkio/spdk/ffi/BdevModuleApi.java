// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/bdev_module.h}. */
public final class BdevModuleApi {
    private static final MethodHandle MODULE_LIST_ADD = Downcall.ofVoid("spdk_bdev_module_list_add", JAVA_LONG);
    private static final MethodHandle EXAMINE_DONE = Downcall.ofVoid("spdk_bdev_module_examine_done", JAVA_LONG);
    private static final MethodHandle REGISTER = Downcall.of("spdk_bdev_register", JAVA_INT, JAVA_LONG);
    private static final MethodHandle UNREGISTER =
            Downcall.ofVoid("spdk_bdev_unregister", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DESTRUCT_DONE = Downcall.ofVoid("spdk_bdev_destruct_done", JAVA_LONG, JAVA_INT);
    private static final MethodHandle NOTIFY_BLOCKCNT_CHANGE =
            Downcall.of("spdk_bdev_notify_blockcnt_change", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle IO_GET_BUF =
            Downcall.ofVoid("spdk_bdev_io_get_buf", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle IO_COMPLETE = complete("spdk_bdev_io_complete", JAVA_INT);
    private static final MethodHandle IO_COMPLETE_AIO = complete("spdk_bdev_io_complete_aio_status", JAVA_INT);
    private static final MethodHandle IO_COMPLETE_NVME =
            complete("spdk_bdev_io_complete_nvme_status", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle IO_COMPLETE_SCSI =
            complete("spdk_bdev_io_complete_scsi_status", JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_BYTE);

    private BdevModuleApi() {}

    private static MethodHandle complete(String symbol, MemoryLayout... status) {
        MemoryLayout[] arguments = new MemoryLayout[status.length + 1];
        arguments[0] = JAVA_LONG;
        System.arraycopy(status, 0, arguments, 1, status.length);
        return Downcall.ofVoid(symbol, arguments);
    }

    /** {@code spdk_bdev_module_list_add}: once in a process, before the bdev layer is initialised. */
    public static void moduleListAdd(long module) {
        try {
            MODULE_LIST_ADD.invokeExact(module);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_module_examine_done}: once for each examine call. */
    public static void examineDone(long module) {
        try {
            EXAMINE_DONE.invokeExact(module);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_register}: 0 or a negative error number; app thread. I/O may come before it returns. */
    public static int register(long bdev) {
        try {
            return (int) REGISTER.invokeExact(bdev);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_unregister} without a callback; app thread. Does nothing if it is under way. */
    public static void unregister(long bdev) {
        try {
            UNREGISTER.invokeExact(bdev, 0L, 0L);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_destruct_done}: the end of a destruct call that returned 1; app thread. */
    public static void destructDone(long bdev) {
        try {
            DESTRUCT_DONE.invokeExact(bdev, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_notify_blockcnt_change}: 0 or a negative error number. */
    public static int notifyBlockCount(long bdev, long blocks) {
        try {
            return (int) NOTIFY_BLOCKCNT_CHANGE.invokeExact(bdev, blocks);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_get_buf}, which may call back at once. */
    public static void getBuf(long io, long callback, long bytes) {
        try {
            IO_GET_BUF.invokeExact(io, callback, bytes);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_complete}; on the thread of the I/O, as are its sisters. */
    public static void complete(long io, int status) {
        try {
            IO_COMPLETE.invokeExact(io, status);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_complete_aio_status} with a negative error number. */
    public static void completeAio(long io, int result) {
        try {
            IO_COMPLETE_AIO.invokeExact(io, result);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_complete_nvme_status}. */
    public static void completeNvme(long io, int cdw0, int statusCodeType, int statusCode) {
        try {
            IO_COMPLETE_NVME.invokeExact(io, cdw0, statusCodeType, statusCode);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_bdev_io_complete_scsi_status}. */
    public static void completeScsi(long io, int status, int senseKey, int asc, int ascq) {
        try {
            IO_COMPLETE_SCSI.invokeExact(io, status, senseKey, (byte) asc, (byte) ascq);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
