// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.VarHandle;

/**
 * Numbers of {@code linux/io_uring.h}, the same on x86-64 and aarch64. They are kernel ABI: none of them ever changes.
 *
 * <p>Both architectures are little-endian here, which {@link SubmissionQueue} uses to write two fields at once.
 */
final class IoUringAbi {
    /** Access to the shared ring. Handles stand in static final fields: elsewhere they cost three times as much. */
    static final VarHandle INT = JAVA_INT.varHandle();

    static final VarHandle LONG = JAVA_LONG.varHandle();

    // struct io_uring_params
    static final long PARAMS_BYTES = 120;
    static final long PARAMS_SQ_ENTRIES = 0;
    static final long PARAMS_CQ_ENTRIES = 4;
    static final long PARAMS_FLAGS = 8;
    static final long PARAMS_SQ_THREAD_CPU = 12;
    static final long PARAMS_SQ_THREAD_IDLE = 16;
    static final long PARAMS_FEATURES = 20;
    static final long PARAMS_SQ_OFF = 40;
    static final long PARAMS_CQ_OFF = 80;

    // struct io_sqring_offsets, relative to PARAMS_SQ_OFF
    static final long SQ_OFF_HEAD = 0;
    static final long SQ_OFF_TAIL = 4;
    static final long SQ_OFF_FLAGS = 16;
    static final long SQ_OFF_ARRAY = 24;

    // struct io_cqring_offsets, relative to PARAMS_CQ_OFF
    static final long CQ_OFF_HEAD = 0;
    static final long CQ_OFF_TAIL = 4;
    static final long CQ_OFF_OVERFLOW = 16;
    static final long CQ_OFF_CQES = 20;
    static final long CQ_OFF_FLAGS = 24;

    // struct io_uring_sqe
    static final long SQE_BYTES = 64;
    static final int SQE_SHIFT = 6;
    static final long SQE_OPCODE = 0; // u8; then flags u8 at 1, ioprio u16 at 2
    static final long SQE_FLAGS = 1;
    static final long SQE_FD = 4;
    static final long SQE_OFF = 8;
    static final long SQE_ADDR = 16;
    static final long SQE_LEN = 24;
    static final long SQE_RW_FLAGS = 28; // also fsync_flags, cancel_flags
    static final long SQE_USER_DATA = 32;
    static final long SQE_BUF_INDEX = 40; // u16; then personality u16 at 42, file_index u32 at 44

    // struct io_uring_cqe
    static final long CQE_BYTES = 16;
    static final int CQE_SHIFT = 4;
    static final long CQE_USER_DATA = 0;
    static final long CQE_RES = 8;
    static final long CQE_FLAGS = 12;

    // mmap offsets
    static final long OFF_SQ_RING = 0;
    static final long OFF_SQES = 0x10000000L;

    // io_uring_setup flags
    static final int SETUP_IOPOLL = 1;
    static final int SETUP_SQPOLL = 1 << 1;
    static final int SETUP_SQ_AFF = 1 << 2;
    static final int SETUP_CQSIZE = 1 << 3;
    static final int SETUP_R_DISABLED = 1 << 6;
    static final int SETUP_SUBMIT_ALL = 1 << 7;
    static final int SETUP_COOP_TASKRUN = 1 << 8;
    static final int SETUP_TASKRUN_FLAG = 1 << 9;
    static final int SETUP_SINGLE_ISSUER = 1 << 12;
    static final int SETUP_DEFER_TASKRUN = 1 << 13;

    // io_uring_params.features
    static final int FEAT_SINGLE_MMAP = 1;
    static final int FEAT_NODROP = 1 << 1;

    // io_uring_enter flags
    static final int ENTER_GETEVENTS = 1;
    static final int ENTER_SQ_WAKEUP = 1 << 1;

    // flags in the submission ring, written by the kernel
    static final int SQ_NEED_WAKEUP = 1;
    static final int SQ_CQ_OVERFLOW = 1 << 1;
    static final int SQ_TASKRUN = 1 << 2;

    // flags in the completion ring, written by us
    static final int CQ_EVENTFD_DISABLED = 1;

    // io_uring_sqe.flags, fsync_flags, cancel_flags
    static final int IOSQE_FIXED_FILE = 1;
    static final int FSYNC_DATASYNC = 1;
    static final int ASYNC_CANCEL_ALL = 1;
    static final int ASYNC_CANCEL_ANY = 1 << 2;

    // io_uring_register operations
    static final int REGISTER_BUFFERS = 0;
    static final int UNREGISTER_BUFFERS = 1;
    static final int REGISTER_FILES = 2;
    static final int REGISTER_EVENTFD = 4;
    static final int UNREGISTER_EVENTFD = 5;
    static final int REGISTER_FILES_UPDATE = 6;
    static final int REGISTER_PROBE = 8;
    static final int REGISTER_ENABLE_RINGS = 12;
    static final int REGISTER_FILES2 = 13;

    // struct io_uring_rsrc_register
    static final long RSRC_REGISTER_BYTES = 32;
    static final long RSRC_REGISTER_NR = 0;
    static final long RSRC_REGISTER_FLAGS = 4;
    static final int RSRC_REGISTER_SPARSE = 1;

    // struct io_uring_files_update
    static final long FILES_UPDATE_BYTES = 16;
    static final long FILES_UPDATE_OFFSET = 0;
    static final long FILES_UPDATE_FDS = 8;

    // struct io_uring_probe and struct io_uring_probe_op
    static final long PROBE_BYTES = 16;
    static final long PROBE_LAST_OP = 0;
    static final long PROBE_OP_BYTES = 8;
    static final long PROBE_OP_FLAGS = 2;
    static final int PROBE_OP_SUPPORTED = 1;

    // struct iovec of sys/uio.h
    static final long IOVEC_BYTES = 16;
    static final long IOVEC_BASE = 0;
    static final long IOVEC_LEN = 8;

    private static final String[] SETUP_FLAG_NAMES = {
        "IOPOLL",
        "SQPOLL",
        "SQ_AFF",
        "CQSIZE",
        "CLAMP",
        "ATTACH_WQ",
        "R_DISABLED",
        "SUBMIT_ALL",
        "COOP_TASKRUN",
        "TASKRUN_FLAG",
        "SQE128",
        "CQE32",
        "SINGLE_ISSUER",
        "DEFER_TASKRUN"
    };

    private static final String[] FEATURE_NAMES = {
        "SINGLE_MMAP", "NODROP", "SUBMIT_STABLE", "RW_CUR_POS", "CUR_PERSONALITY", "FAST_POLL", "POLL_32BITS",
        "SQPOLL_NONFIXED", "EXT_ARG", "NATIVE_WORKERS", "RSRC_TAGS", "CQE_SKIP", "LINKED_FILE", "REG_REG_RING",
        "RECVSEND_BUNDLE", "MIN_TIMEOUT", "RW_ATTR", "NO_IOWAIT"
    };

    private IoUringAbi() {}

    static String setupFlagNames(int flags) {
        return names(flags, SETUP_FLAG_NAMES);
    }

    static String featureNames(int features) {
        return names(features, FEATURE_NAMES);
    }

    private static String names(int bits, String[] names) {
        StringBuilder text = new StringBuilder();
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            if ((bits & 1 << bit) != 0) {
                text.append(text.isEmpty() ? "" : "|").append(bit < names.length ? names[bit] : "bit " + bit);
            }
        }
        return text.isEmpty() ? "none" : text.toString();
    }
}
