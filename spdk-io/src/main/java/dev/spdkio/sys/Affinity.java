// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which CPUs an OS thread may run on ({@code sched_setaffinity(2)}).
 *
 * <p>The kernel inherits a mask to every thread that a pinned thread starts, and that includes the carrier threads of
 * virtual threads: start thread pools from a thread that is not pinned, or give the child {@link #processMask()} first.
 * {@link Runtime#availableProcessors()} answers with the mask of the asking thread, too.
 *
 * <p>Thread rule: all methods may be called from any <em>platform</em> thread. A virtual thread has no OS thread of its
 * own; asked from one, the methods speak about the carrier of the moment, and {@link #set(BitSet)} refuses.
 *
 * <p>Without native access {@link #isAvailable()} is false, masks are those that Java knows (CPU 0 up to the number of
 * available processors), setting answers false, and ids are -1.
 */
public final class Affinity {
    /** CPUs that a mask can name: 0 up to this number minus one ({@code CPU_SETSIZE} of {@code sched.h}). */
    public static final int MAX_CPUS = 1024;

    private static final long MASK_BYTES = MAX_CPUS / 8;

    private static final BitSet PROCESS_MASK = captureProcessMask();

    private Affinity() {}

    /** Whether masks can be read and set here; if not, {@link Platform#unavailabilityCause()} has the reason. */
    public static boolean isAvailable() {
        return Platform.isNativeAvailable();
    }

    /** The mask of the calling OS thread. */
    public static BitSet current() {
        return of(0);
    }

    /**
     * The mask of a thread.
     *
     * @param tid the id of a thread of any process, 0 for the calling one
     * @return a new set of CPU numbers; empty if there is no such thread
     */
    public static BitSet of(int tid) {
        if (!isAvailable()) {
            return javaMask();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            long result =
                    Libc.tryCall(errno -> (int) Handles.SCHED_GETAFFINITY.invokeExact(errno, tid, MASK_BYTES, mask));
            return result < 0 ? new BitSet() : BitSet.valueOf(mask.toArray(JAVA_LONG));
        }
    }

    /**
     * Restricts the calling thread to some CPUs, as well as the OS allows.
     *
     * @return whether it worked; {@link #pin} tells why not
     * @throws IllegalStateException if called from a virtual thread
     */
    public static boolean set(BitSet cpus) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread cannot be pinned: it would pin its carrier thread");
        }
        return set(0, cpus);
    }

    /**
     * Restricts a thread to some CPUs, as well as the OS allows.
     *
     * @param tid the id of a thread, 0 for the calling one
     * @return whether it worked; {@link #pin} tells why not
     */
    public static boolean set(int tid, BitSet cpus) {
        return isAvailable() && trySet(tid, cpus) == 0;
    }

    /**
     * Restricts a thread to some CPUs, or says why that is impossible.
     *
     * @param tid the id of a thread, 0 for the calling one
     * @param cpus the CPU numbers, all below {@link #MAX_CPUS}
     * @throws SysException {@code EINVAL} if none of the CPUs is online and allowed for this process, {@code ESRCH} for
     *     an unknown thread, {@code EPERM} for a thread of another user
     * @throws UnsupportedOperationException without native access
     */
    public static void pin(int tid, BitSet cpus) throws SysException {
        Platform.requireNative();
        int errno = trySet(tid, cpus);
        if (errno != 0) {
            String remedy = errno == Errno.EINVAL ? "this process may use the CPUs " + PROCESS_MASK : null;
            throw new SysException("sched_setaffinity", "tid " + tid + ", CPUs " + cpus, errno, remedy);
        }
    }

    /** The kernel's id of the calling OS thread, -1 without native access. */
    public static int gettid() {
        return isAvailable()
                ? (int) Libc.tryCall(errno -> (long) Handles.SYSCALL.invokeExact(errno, Libc.SYS_GETTID))
                : -1;
    }

    /** The CPU that the calling thread runs on at this moment, -1 without native access. Costs a few nanoseconds. */
    public static int currentCpu() {
        if (!isAvailable()) {
            return -1;
        }
        try {
            return (int) Handles.SCHED_GETCPU.invokeExact();
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** The ids of all OS threads of this process in ascending order; empty where {@code /proc} is missing. */
    public static int[] processThreads() {
        String[] names = new File("/proc/self/task").list();
        if (names == null) {
            return new int[0];
        }
        return Arrays.stream(names).mapToInt(Integer::parseInt).sorted().toArray();
    }

    /**
     * The CPUs that this process was started with ({@code taskset}, cgroup): the mask of the process's main thread,
     * which the Java launcher leaves alone, read when this class was loaded.
     *
     * @return a copy that the caller may change
     */
    public static BitSet processMask() {
        return (BitSet) PROCESS_MASK.clone();
    }

    private static BitSet captureProcessMask() {
        return of((int) ProcessHandle.current().pid());
    }

    private static BitSet javaMask() {
        BitSet mask = new BitSet();
        mask.set(0, Runtime.getRuntime().availableProcessors());
        return mask;
    }

    /** Returns 0 or the error number. */
    private static int trySet(int tid, BitSet cpus) {
        if (cpus.length() > MAX_CPUS) {
            throw new IllegalArgumentException("CPU " + (cpus.length() - 1) + " is beyond the limit of " + MAX_CPUS);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            mask.copyFrom(MemorySegment.ofArray(cpus.toByteArray()));
            return (int)
                    -Libc.tryCall(errno -> (int) Handles.SCHED_SETAFFINITY.invokeExact(errno, tid, MASK_BYTES, mask));
        }
    }

    private static final class Handles {
        private static final FunctionDescriptor MASK_CALL =
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);

        static final MethodHandle SCHED_GETAFFINITY = Libc.find("sched_getaffinity", MASK_CALL);
        static final MethodHandle SCHED_SETAFFINITY = Libc.find("sched_setaffinity", MASK_CALL);
        static final MethodHandle SCHED_GETCPU = Libc.findWithoutErrno("sched_getcpu", FunctionDescriptor.of(JAVA_INT));
        static final MethodHandle SYSCALL = Libc.findSyscall(0);
    }
}
