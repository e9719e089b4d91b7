// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of the kernel, and what is said when it refuses. */
class IoUringSetupTest {
    private static final Limits.Limit MEMLOCK = new Limits.Limit("RLIMIT_MEMLOCK", "bytes", 65_536, 131_072);
    private static final Limits.Limit OPEN_FILES = new Limits.Limit("RLIMIT_NOFILE", "files", 1024, 4096);

    @Test
    void aSysctlThatForbidsIsNamedWithItsValueAndTheRemedy() {
        assertThat(explain(Errno.EPERM, "2"))
                .contains("kernel.io_uring_disabled is 2 (nobody)", "sysctl -w kernel.io_uring_disabled=0");
        assertThat(explain(Errno.EPERM, "1")).contains("is 1 (privileged processes only)");
    }

    @ParameterizedTest
    @CsvSource({"0", "''"})
    void aRefusalWithoutTheSysctlIsASeccompFilter(String disabled) {
        assertThat(explain(Errno.EPERM, disabled)).contains("seccomp", "io_uring_enter");
    }

    @Test
    void lackOfMemoryNamesTheLimitAndHowToRaiseIt() {
        assertThat(explain(Errno.ENOMEM, "0"))
                .contains("RLIMIT_MEMLOCK 65536 bytes (hard limit 131072)")
                .contains("ulimit -l unlimited", "LimitMEMLOCK=infinity", "--ulimit memlock=-1");
    }

    @Test
    void otherCausesAreNamedToo() {
        assertThat(explain(Errno.ENOSYS, "")).contains(Platform.kernelRelease(), "5.6 or later", "CONFIG_IO_URING");
        assertThat(explain(Errno.EMFILE, "")).contains("RLIMIT_NOFILE 1024 files");
        assertThat(explain(Errno.EFAULT, "")).isNull();
    }

    @Test
    void modesAskForLegalFlagsOnlyAndEndWithNone() {
        IoUring.Config config = IoUring.Config.of(8);
        assertThat(names(IoUringSetup.attempts(config)))
                .containsExactly(
                        "SUBMIT_ALL|TASKRUN_FLAG|SINGLE_ISSUER|DEFER_TASKRUN",
                        "SUBMIT_ALL|COOP_TASKRUN|TASKRUN_FLAG",
                        "none");
        assertThat(names(IoUringSetup.attempts(config.withMovable(true))))
                .containsExactly("SUBMIT_ALL|COOP_TASKRUN|TASKRUN_FLAG", "none");
        assertThat(names(IoUringSetup.attempts(config.withSqPoll(-1, 0))))
                .containsExactly("SUBMIT_ALL|SINGLE_ISSUER", "SUBMIT_ALL", "none");
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 'entries 0'", "3, 0, 'entries 3'", "65536, 0, 'entries 65536'", "64, 32, 'cqEntries 32'"})
    void numbersOutOfBoundsAreNamed(int entries, int cqEntries, String message) {
        assertThatThrownBy(() -> IoUring.Config.of(entries).withCqEntries(cqEntries))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining("power of two");
    }

    @Test
    void withersChangeOneThingEach() {
        IoUring.Config config = IoUring.Config.of(8);
        assertThat(config.withCqEntries(64))
                .isEqualTo(new IoUring.Config(8, 64, false, false, false, false, -1, 0, 64));
        assertThat(config.withMovable(true)).isEqualTo(new IoUring.Config(8, 0, true, false, false, false, -1, 0, 64));
        assertThat(config.withStartDisabled(true))
                .isEqualTo(new IoUring.Config(8, 0, false, true, false, false, -1, 0, 64));
        assertThat(config.withIoPoll(true)).isEqualTo(new IoUring.Config(8, 0, false, false, true, false, -1, 0, 64));
        assertThat(config.withSqPoll(1, 2)).isEqualTo(new IoUring.Config(8, 0, false, false, false, true, 1, 2, 64));
        assertThat(config.withFileSlots(5)).isEqualTo(new IoUring.Config(8, 0, false, false, false, false, -1, 0, 5));
        assertThatThrownBy(() -> config.withFileSlots(0)).hasMessageContaining("fileSlots 0");
        assertThatThrownBy(() -> config.withSqPoll(0, -1)).hasMessageContaining("sqThreadIdleMillis -1");
    }

    @Test
    void abiIsThatOfTheHeaders(@TempDir Path directory) throws Exception {
        CHeaders headers = new CHeaders()
                .include("linux/io_uring.h", "linux/fs.h", "sys/uio.h", "sys/syscall.h")
                .value("SYS_io_uring_setup", Libc.SYS_IO_URING_SETUP)
                .value("SYS_io_uring_enter", Libc.SYS_IO_URING_ENTER)
                .value("SYS_io_uring_register", Libc.SYS_IO_URING_REGISTER)
                .size("struct io_uring_params", IoUringAbi.PARAMS_BYTES)
                .offset("struct io_uring_params, sq_entries", IoUringAbi.PARAMS_SQ_ENTRIES)
                .offset("struct io_uring_params, cq_entries", IoUringAbi.PARAMS_CQ_ENTRIES)
                .offset("struct io_uring_params, flags", IoUringAbi.PARAMS_FLAGS)
                .offset("struct io_uring_params, sq_thread_cpu", IoUringAbi.PARAMS_SQ_THREAD_CPU)
                .offset("struct io_uring_params, sq_thread_idle", IoUringAbi.PARAMS_SQ_THREAD_IDLE)
                .offset("struct io_uring_params, features", IoUringAbi.PARAMS_FEATURES)
                .offset("struct io_uring_params, sq_off", IoUringAbi.PARAMS_SQ_OFF)
                .offset("struct io_uring_params, cq_off", IoUringAbi.PARAMS_CQ_OFF)
                .offset("struct io_sqring_offsets, head", IoUringAbi.SQ_OFF_HEAD)
                .offset("struct io_sqring_offsets, tail", IoUringAbi.SQ_OFF_TAIL)
                .offset("struct io_sqring_offsets, flags", IoUringAbi.SQ_OFF_FLAGS)
                .offset("struct io_sqring_offsets, array", IoUringAbi.SQ_OFF_ARRAY)
                .offset("struct io_cqring_offsets, head", IoUringAbi.CQ_OFF_HEAD)
                .offset("struct io_cqring_offsets, tail", IoUringAbi.CQ_OFF_TAIL)
                .offset("struct io_cqring_offsets, overflow", IoUringAbi.CQ_OFF_OVERFLOW)
                .offset("struct io_cqring_offsets, cqes", IoUringAbi.CQ_OFF_CQES)
                .offset("struct io_cqring_offsets, flags", IoUringAbi.CQ_OFF_FLAGS)
                .macroIfDefined("IORING_CQ_EVENTFD_DISABLED", IoUringAbi.CQ_EVENTFD_DISABLED)
                .size("struct io_uring_sqe", IoUringAbi.SQE_BYTES)
                .offset("struct io_uring_sqe, opcode", IoUringAbi.SQE_OPCODE)
                .offset("struct io_uring_sqe, flags", IoUringAbi.SQE_FLAGS)
                .offset("struct io_uring_sqe, fd", IoUringAbi.SQE_FD)
                .offset("struct io_uring_sqe, off", IoUringAbi.SQE_OFF)
                .offset("struct io_uring_sqe, addr", IoUringAbi.SQE_ADDR)
                .offset("struct io_uring_sqe, len", IoUringAbi.SQE_LEN)
                .offset("struct io_uring_sqe, rw_flags", IoUringAbi.SQE_RW_FLAGS)
                .offset("struct io_uring_sqe, user_data", IoUringAbi.SQE_USER_DATA)
                .offset("struct io_uring_sqe, buf_index", IoUringAbi.SQE_BUF_INDEX)
                .size("struct io_uring_cqe", IoUringAbi.CQE_BYTES)
                .offset("struct io_uring_cqe, user_data", IoUringAbi.CQE_USER_DATA)
                .offset("struct io_uring_cqe, res", IoUringAbi.CQE_RES)
                .offset("struct io_uring_cqe, flags", IoUringAbi.CQE_FLAGS)
                .value("IORING_OFF_SQ_RING", IoUringAbi.OFF_SQ_RING)
                .value("IORING_OFF_SQES", IoUringAbi.OFF_SQES)
                .value("IORING_SETUP_IOPOLL", IoUringAbi.SETUP_IOPOLL)
                .value("IORING_SETUP_SQPOLL", IoUringAbi.SETUP_SQPOLL)
                .value("IORING_SETUP_SQ_AFF", IoUringAbi.SETUP_SQ_AFF)
                .value("IORING_SETUP_CQSIZE", IoUringAbi.SETUP_CQSIZE)
                .value("IORING_SETUP_R_DISABLED", IoUringAbi.SETUP_R_DISABLED)
                .macroIfDefined("IORING_SETUP_SUBMIT_ALL", IoUringAbi.SETUP_SUBMIT_ALL)
                .macroIfDefined("IORING_SETUP_COOP_TASKRUN", IoUringAbi.SETUP_COOP_TASKRUN)
                .macroIfDefined("IORING_SETUP_TASKRUN_FLAG", IoUringAbi.SETUP_TASKRUN_FLAG)
                .macroIfDefined("IORING_SETUP_SINGLE_ISSUER", IoUringAbi.SETUP_SINGLE_ISSUER)
                .macroIfDefined("IORING_SETUP_DEFER_TASKRUN", IoUringAbi.SETUP_DEFER_TASKRUN)
                .value("IORING_FEAT_SINGLE_MMAP", IoUringAbi.FEAT_SINGLE_MMAP)
                .value("IORING_FEAT_NODROP", IoUringAbi.FEAT_NODROP)
                .value("IORING_ENTER_GETEVENTS", IoUringAbi.ENTER_GETEVENTS)
                .value("IORING_ENTER_SQ_WAKEUP", IoUringAbi.ENTER_SQ_WAKEUP)
                .value("IORING_SQ_NEED_WAKEUP", IoUringAbi.SQ_NEED_WAKEUP)
                .value("IORING_SQ_CQ_OVERFLOW", IoUringAbi.SQ_CQ_OVERFLOW)
                .macroIfDefined("IORING_SQ_TASKRUN", IoUringAbi.SQ_TASKRUN)
                .value("IOSQE_FIXED_FILE", IoUringAbi.IOSQE_FIXED_FILE)
                .value("IORING_FSYNC_DATASYNC", IoUringAbi.FSYNC_DATASYNC)
                .macroIfDefined("IORING_ASYNC_CANCEL_ALL", IoUringAbi.ASYNC_CANCEL_ALL)
                .macroIfDefined("IORING_ASYNC_CANCEL_ANY", IoUringAbi.ASYNC_CANCEL_ANY)
                .value("RWF_DSYNC", IoUring.RWF_DSYNC)
                .value("IORING_REGISTER_BUFFERS", IoUringAbi.REGISTER_BUFFERS)
                .value("IORING_UNREGISTER_BUFFERS", IoUringAbi.UNREGISTER_BUFFERS)
                .value("IORING_REGISTER_FILES", IoUringAbi.REGISTER_FILES)
                .value("IORING_REGISTER_EVENTFD", IoUringAbi.REGISTER_EVENTFD)
                .value("IORING_UNREGISTER_EVENTFD", IoUringAbi.UNREGISTER_EVENTFD)
                .value("IORING_REGISTER_FILES_UPDATE", IoUringAbi.REGISTER_FILES_UPDATE)
                .value("IORING_REGISTER_PROBE", IoUringAbi.REGISTER_PROBE)
                .value("IORING_REGISTER_ENABLE_RINGS", IoUringAbi.REGISTER_ENABLE_RINGS)
                .value("IORING_REGISTER_FILES2", IoUringAbi.REGISTER_FILES2)
                .size("struct io_uring_rsrc_register", IoUringAbi.RSRC_REGISTER_BYTES)
                .offset("struct io_uring_rsrc_register, nr", IoUringAbi.RSRC_REGISTER_NR)
                .offsetIfDefined(
                        "IORING_RSRC_REGISTER_SPARSE",
                        "struct io_uring_rsrc_register, flags",
                        IoUringAbi.RSRC_REGISTER_FLAGS)
                .macroIfDefined("IORING_RSRC_REGISTER_SPARSE", IoUringAbi.RSRC_REGISTER_SPARSE)
                .size("struct io_uring_files_update", IoUringAbi.FILES_UPDATE_BYTES)
                .offset("struct io_uring_files_update, offset", IoUringAbi.FILES_UPDATE_OFFSET)
                .offset("struct io_uring_files_update, fds", IoUringAbi.FILES_UPDATE_FDS)
                .offset("struct io_uring_probe, ops", IoUringAbi.PROBE_BYTES)
                .offset("struct io_uring_probe, last_op", IoUringAbi.PROBE_LAST_OP)
                .size("struct io_uring_probe_op", IoUringAbi.PROBE_OP_BYTES)
                .offset("struct io_uring_probe_op, flags", IoUringAbi.PROBE_OP_FLAGS)
                .value("IO_URING_OP_SUPPORTED", IoUringAbi.PROBE_OP_SUPPORTED)
                .size("struct iovec", IoUringAbi.IOVEC_BYTES)
                .offset("struct iovec, iov_base", IoUringAbi.IOVEC_BASE)
                .offset("struct iovec, iov_len", IoUringAbi.IOVEC_LEN);
        for (IoUringOp op : IoUringOp.values()) {
            headers.value("IORING_OP_" + op, op.code());
        }
        headers.verify(directory);
    }

    private static String[] names(int[] flags) {
        String[] names = new String[flags.length];
        for (int i = 0; i < flags.length; i++) {
            names[i] = IoUringAbi.setupFlagNames(flags[i]);
        }
        return names;
    }

    private static String explain(int errno, String disabled) {
        return IoUringSetup.explain(errno, disabled, MEMLOCK, OPEN_FILES);
    }
}
