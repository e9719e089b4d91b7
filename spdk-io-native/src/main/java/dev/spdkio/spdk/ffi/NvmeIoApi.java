// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.invoke.MethodHandle;

/** The functions of {@code spdk/nvme.h} for I/O queue pairs. */
public final class NvmeIoApi {
    private static final MethodHandle DEFAULT_QUEUE_PAIR_OPTS =
            Downcall.ofVoid("spdk_nvme_ctrlr_get_default_io_qpair_opts", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ALLOCATE =
            Downcall.of("spdk_nvme_ctrlr_alloc_io_qpair", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FREE = Downcall.of("spdk_nvme_ctrlr_free_io_qpair", JAVA_INT, JAVA_LONG);
    private static final MethodHandle IS_CONNECTED =
            Downcall.critical("spdk_nvme_qpair_is_connected", JAVA_BOOLEAN, JAVA_LONG);
    private static final MethodHandle PROCESS_COMPLETIONS =
            Downcall.of("spdk_nvme_qpair_process_completions", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle READ = one("spdk_nvme_ns_cmd_read");
    private static final MethodHandle WRITE = one("spdk_nvme_ns_cmd_write");
    private static final MethodHandle COMPARE = one("spdk_nvme_ns_cmd_compare");
    private static final MethodHandle READV = vectored("spdk_nvme_ns_cmd_readv");
    private static final MethodHandle WRITEV = vectored("spdk_nvme_ns_cmd_writev");
    private static final MethodHandle COMPAREV = vectored("spdk_nvme_ns_cmd_comparev");
    private static final MethodHandle WRITE_ZEROES = Downcall.of(
            "spdk_nvme_ns_cmd_write_zeroes",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT);
    private static final MethodHandle DATASET_MANAGEMENT = Downcall.of(
            "spdk_nvme_ns_cmd_dataset_management",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_SHORT,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle FLUSH =
            Downcall.of("spdk_nvme_ns_cmd_flush", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle RAW = Downcall.of(
            "spdk_nvme_ctrlr_cmd_io_raw",
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG);

    private NvmeIoApi() {}

    private static MethodHandle one(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    }

    private static MethodHandle vectored(String symbol) {
        return Downcall.of(
                symbol, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG,
                JAVA_LONG);
    }

    /** {@code spdk_nvme_ctrlr_get_default_io_qpair_opts}. */
    public static void defaultQueuePairOpts(long controller, long opts, long size) {
        try {
            DEFAULT_QUEUE_PAIR_OPTS.invokeExact(controller, opts, size);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_alloc_io_qpair}; 0 if it fails. */
    public static long allocate(long controller, long opts, long size) {
        try {
            return (long) ALLOCATE.invokeExact(controller, opts, size);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_free_io_qpair}. */
    public static int free(long pair) {
        try {
            return (int) FREE.invokeExact(pair);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_qpair_is_connected}. */
    public static boolean isConnected(long pair) {
        try {
            return (boolean) IS_CONNECTED.invokeExact(pair);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_qpair_process_completions}. */
    public static int processCompletions(long pair, int most) {
        try {
            return (int) PROCESS_COMPLETIONS.invokeExact(pair, most);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_read}. */
    public static int read(long ns, long pair, long payload, long lba, int blocks, long done, long arg, int flags) {
        try {
            return (int) READ.invokeExact(ns, pair, payload, lba, blocks, done, arg, flags);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_write}. */
    public static int write(long ns, long pair, long payload, long lba, int blocks, long done, long arg, int flags) {
        try {
            return (int) WRITE.invokeExact(ns, pair, payload, lba, blocks, done, arg, flags);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_compare}. */
    public static int compare(long ns, long pair, long payload, long lba, int blocks, long done, long arg, int flags) {
        try {
            return (int) COMPARE.invokeExact(ns, pair, payload, lba, blocks, done, arg, flags);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_readv}. */
    public static int readv(
            long ns, long pair, long lba, int blocks, long done, long arg, int flags, long resetSgl, long nextSge) {
        try {
            return (int) READV.invokeExact(ns, pair, lba, blocks, done, arg, flags, resetSgl, nextSge);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_writev}. */
    public static int writev(
            long ns, long pair, long lba, int blocks, long done, long arg, int flags, long resetSgl, long nextSge) {
        try {
            return (int) WRITEV.invokeExact(ns, pair, lba, blocks, done, arg, flags, resetSgl, nextSge);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_comparev}. */
    public static int comparev(
            long ns, long pair, long lba, int blocks, long done, long arg, int flags, long resetSgl, long nextSge) {
        try {
            return (int) COMPAREV.invokeExact(ns, pair, lba, blocks, done, arg, flags, resetSgl, nextSge);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_write_zeroes}. */
    public static int writeZeroes(long ns, long pair, long lba, int blocks, long done, long arg, int flags) {
        try {
            return (int) WRITE_ZEROES.invokeExact(ns, pair, lba, blocks, done, arg, flags);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_dataset_management}. */
    public static int datasetManagement(long ns, long pair, int type, long ranges, short count, long done, long arg) {
        try {
            return (int) DATASET_MANAGEMENT.invokeExact(ns, pair, type, ranges, count, done, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ns_cmd_flush}. */
    public static int flush(long ns, long pair, long done, long arg) {
        try {
            return (int) FLUSH.invokeExact(ns, pair, done, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_nvme_ctrlr_cmd_io_raw}. */
    public static int raw(long controller, long pair, long command, long buf, int bytes, long done, long arg) {
        try {
            return (int) RAW.invokeExact(controller, pair, command, buf, bytes, done, arg);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
