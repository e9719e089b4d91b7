// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.IoUringAbi.INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Creates rings, and knows why that fails.
 *
 * <p>Which setup flags are legal, and what we ask for, from the best to what every kernel has. A kernel that does not
 * know a flag answers {@code EINVAL}, and the next line is tried.
 *
 * <table>
 *   <caption>Setup flags by mode</caption>
 *   <tr><th>mode</th><th>flags</th><th>since</th></tr>
 *   <tr><td>bound</td><td>SINGLE_ISSUER, DEFER_TASKRUN, TASKRUN_FLAG, SUBMIT_ALL</td><td>6.1</td></tr>
 *   <tr><td>bound, movable</td><td>COOP_TASKRUN, TASKRUN_FLAG, SUBMIT_ALL</td><td>5.19</td></tr>
 *   <tr><td>SQPOLL, bound</td><td>SQPOLL, SINGLE_ISSUER, SUBMIT_ALL</td><td>6.0</td></tr>
 *   <tr><td>SQPOLL, movable</td><td>SQPOLL, SUBMIT_ALL</td><td>5.18</td></tr>
 *   <tr><td>all</td><td>(SQPOLL)</td><td>5.6</td></tr>
 * </table>
 *
 * <ul>
 *   <li>DEFER_TASKRUN needs SINGLE_ISSUER, and both tie the ring to one OS thread: any other that enters or registers
 *       is refused with {@code EEXIST}. In return completions never interrupt that thread; it asks for them.
 *   <li>COOP_TASKRUN spares the interrupt, too, without tying: the thread that <em>submitted</em> an operation runs its
 *       completion when it next enters the kernel for whatever reason. For an operation whose ring has moved away
 *       meanwhile that can be as late as the next timer tick.
 *   <li>TASKRUN_FLAG shows in the ring that such work is waiting, so that looking costs no system call. It is legal
 *       with either of the two.
 *   <li>With SQPOLL a kernel thread submits; there is nobody to defer work to, so DEFER_TASKRUN, COOP_TASKRUN and
 *       TASKRUN_FLAG are refused.
 *   <li>R_DISABLED makes a ring that is tied to the thread that enables it, not to the one that creates it.
 *   <li>IOPOLL goes with each of them.
 * </ul>
 */
final class IoUringSetup {
    private static final Path DISABLED_SYSCTL = Path.of("/proc/sys/kernel/io_uring_disabled");
    private static final int REQUIRED_FEATURES = IoUringAbi.FEAT_SINGLE_MMAP | IoUringAbi.FEAT_NODROP;

    private IoUringSetup() {}

    /** A new ring: its descriptor, what the kernel made of the request, and the two mappings. */
    record Ring(int fd, int flags, int features, MemorySegment params, MemorySegment ring, MemorySegment sqes) {}

    /** Creates a ring whose memory lives as long as the arena; the descriptor is the caller's to close. */
    static Ring create(IoUring.Config config, Arena arena) throws SysException {
        MemorySegment params = arena.allocate(IoUringAbi.PARAMS_BYTES, Long.BYTES);
        int fd = setup(config, params);
        try {
            int features = (int) INT.get(params, IoUringAbi.PARAMS_FEATURES);
            if ((features & REQUIRED_FEATURES) != REQUIRED_FEATURES) {
                throw new SysException("io_uring_setup", describe(config), Errno.ENOSYS, tooOld());
            }
            MemorySegment ring = NativeMemory.mapShared(ringBytes(params), fd, IoUringAbi.OFF_SQ_RING, arena);
            long sqeBytes = (int) INT.get(params, IoUringAbi.PARAMS_SQ_ENTRIES) * IoUringAbi.SQE_BYTES;
            MemorySegment sqes = NativeMemory.mapShared(sqeBytes, fd, IoUringAbi.OFF_SQES, arena);
            int flags = (int) INT.get(params, IoUringAbi.PARAMS_FLAGS);
            return new Ring(fd, flags, features, params, ring, sqes);
        } catch (Throwable failed) {
            Fds.close(fd);
            throw failed;
        }
    }

    private static int setup(IoUring.Config config, MemorySegment params) throws SysException {
        int result = -Errno.EINVAL;
        for (int flags : attempts(config)) {
            params.fill((byte) 0);
            INT.set(params, IoUringAbi.PARAMS_FLAGS, flags | fixedFlags(config));
            INT.set(params, IoUringAbi.PARAMS_CQ_ENTRIES, config.cqEntries());
            INT.set(params, IoUringAbi.PARAMS_SQ_THREAD_CPU, Math.max(0, config.sqThreadCpu()));
            INT.set(params, IoUringAbi.PARAMS_SQ_THREAD_IDLE, config.sqThreadIdleMillis());
            result = IoUringCalls.setup(config.entries(), params);
            if (result != -Errno.EINVAL) {
                break;
            }
        }
        if (result < 0) {
            throw new SysException("io_uring_setup", describe(config), -result, explain(-result));
        }
        return result;
    }

    static int[] attempts(IoUring.Config config) {
        int submitAll = IoUringAbi.SETUP_SUBMIT_ALL;
        if (config.sqPoll()) {
            int single = config.movable() ? 0 : IoUringAbi.SETUP_SINGLE_ISSUER;
            return new int[] {submitAll | single, submitAll, 0};
        }
        int cooperative = IoUringAbi.SETUP_COOP_TASKRUN | IoUringAbi.SETUP_TASKRUN_FLAG | submitAll;
        if (config.movable()) {
            return new int[] {cooperative, 0};
        }
        int bound = IoUringAbi.SETUP_SINGLE_ISSUER
                | IoUringAbi.SETUP_DEFER_TASKRUN
                | IoUringAbi.SETUP_TASKRUN_FLAG
                | submitAll;
        return new int[] {bound, cooperative, 0};
    }

    private static int fixedFlags(IoUring.Config config) {
        int flags = config.cqEntries() == 0 ? 0 : IoUringAbi.SETUP_CQSIZE;
        flags |= config.startDisabled() ? IoUringAbi.SETUP_R_DISABLED : 0;
        flags |= config.ioPoll() ? IoUringAbi.SETUP_IOPOLL : 0;
        flags |= config.sqPoll() ? IoUringAbi.SETUP_SQPOLL : 0;
        flags |= config.sqPoll() && config.sqThreadCpu() >= 0 ? IoUringAbi.SETUP_SQ_AFF : 0;
        return flags;
    }

    private static String describe(IoUring.Config config) {
        return config.entries() + " entries"
                + (config.cqEntries() == 0 ? "" : ", " + config.cqEntries() + " completions")
                + (config.movable() ? ", movable" : "")
                + (config.ioPoll() ? ", IOPOLL" : "")
                + (config.sqPoll() ? ", SQPOLL" : "");
    }

    /** Both rings share one mapping, which ends with whichever array comes last. */
    private static long ringBytes(MemorySegment params) {
        long sqArray = (int) INT.get(params, IoUringAbi.PARAMS_SQ_OFF + IoUringAbi.SQ_OFF_ARRAY);
        long cqes = (int) INT.get(params, IoUringAbi.PARAMS_CQ_OFF + IoUringAbi.CQ_OFF_CQES);
        long sqEnd = sqArray + (int) INT.get(params, IoUringAbi.PARAMS_SQ_ENTRIES) * (long) Integer.BYTES;
        long cqEnd = cqes + (int) INT.get(params, IoUringAbi.PARAMS_CQ_ENTRIES) * IoUringAbi.CQE_BYTES;
        return Math.max(sqEnd, cqEnd);
    }

    /** Tries it out once; the answer stands for the life of the JVM. */
    static @Nullable String probe() {
        if (!Platform.isNativeAvailable()) {
            return Platform.unavailabilityCause();
        }
        try (Arena arena = Arena.ofShared()) {
            Ring ring = create(IoUring.Config.of(2).withMovable(true), arena);
            try {
                return missingOps(ring.fd());
            } finally {
                Fds.close(ring.fd());
            }
        } catch (SysException refused) {
            return refused.getMessage();
        } catch (RuntimeException | LinkageError broken) {
            return "io_uring cannot be tried out: " + broken;
        }
    }

    private static @Nullable String missingOps(int fd) throws SysException {
        IoUringRegistrations registrations = new IoUringRegistrations(fd, 0);
        for (IoUringOp op : IoUringOp.values()) {
            if (!registrations.supportedOps().contains(op)) {
                return "no operation " + op + "; " + tooOld();
            }
        }
        return null;
    }

    /** Cause and remedy of a failed setup on this machine, or null for an error that speaks for itself. */
    static @Nullable String explain(int errno) {
        return explain(errno, disabledSysctl(), Limits.memlock(), Limits.openFiles());
    }

    /** As {@link #explain(int)}, from plain values, so that every answer can be tested on one machine. */
    static @Nullable String explain(int errno, String disabled, Limits.Limit memlock, Limits.Limit openFiles) {
        return switch (errno) {
            case Errno.ENOSYS ->
                tooOld() + ", built with CONFIG_IO_URING, and no container runtime or seccomp filter that hides it";
            case Errno.EPERM ->
                disabled.isEmpty() || disabled.equals("0")
                        ? "a seccomp filter forbids it, as the default profile of containers does: run with a profile"
                                + " that allows io_uring_setup, io_uring_enter and io_uring_register"
                        : "kernel.io_uring_disabled is " + disabled
                                + (disabled.equals("1") ? " (privileged processes only)" : " (nobody)")
                                + ": set it to 0 with sysctl -w kernel.io_uring_disabled=0";
            case Errno.ENOMEM ->
                "the limit for locked memory may be too low: it is " + memlock
                        + "; raise it with ulimit -l unlimited, LimitMEMLOCK=infinity in a systemd unit, or"
                        + " --ulimit memlock=-1 for a container";
            case Errno.EMFILE -> "the limit of open files is reached: it is " + openFiles;
            default -> null;
        };
    }

    private static String tooOld() {
        return "this kernel (" + Platform.kernelRelease()
                + ") offers too little of io_uring: it takes Linux 5.6 or later";
    }

    /** The switch exists since Linux 6.6; empty if it does not. */
    private static String disabledSysctl() {
        try {
            return Files.readString(DISABLED_SYSCTL).strip();
        } catch (IOException absent) {
            return "";
        }
    }
}
