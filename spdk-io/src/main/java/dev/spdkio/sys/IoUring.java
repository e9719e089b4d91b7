// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A ring of asynchronous file operations ({@code io_uring(7)}): prepare many, submit them with one system call, and
 * reap their completions from shared memory.
 *
 * {@snippet :
 * try (IoUring ring = IoUring.create(IoUring.Config.of(128))) {
 *     ring.prepRead(file.fd(), false, buffer.address(), 4096, 0, 42);
 *     while (ring.poll((userData, res, flags) -> finish(userData, res)) == 0) {
 *         // something else
 *     }
 * }
 * }
 *
 * <p><b>Thread rule.</b> A ring is used by one thread at a time and checks nothing that costs time. In the default
 * mode it is <em>bound</em> to the platform thread that creates it (or {@linkplain #enable() enables} it), and every
 * call from another one throws {@link WrongThreadException}. A {@linkplain Config#withMovable movable} ring may be
 * handed from thread to thread as long as the hand-over orders memory (a message queue does), at the price of
 * completions that interrupt, or wait for, the thread that submitted them. A thread that ends takes its operations
 * with it: let a ring go empty before its thread ends. Only {@link #isAvailable()} and its siblings are for
 * everybody.
 *
 * <p><b>Memory.</b> Buffers are given as addresses. They, and iovec arrays, must stay allocated until the operation has
 * completed; the ring cannot see who frees them. {@link #close()} waits for what is in flight, so that afterwards the
 * kernel touches none of them.
 *
 * <p><b>Errors.</b> What goes wrong with one operation is the {@code res} of its completion, a negative {@link Errno}.
 * Methods throw {@link IllegalStateException} for misuse (queue full, ring closed), {@link SysException} when something
 * cannot be set up, and {@link UncheckedIOException} if the ring itself is refused by the kernel.
 *
 * <p>No method of the data path (prep, submit, poll, reap) allocates. Lengths and offsets are bytes.
 */
public final class IoUring implements AutoCloseable {
    /** The largest submission queue ({@code IORING_MAX_ENTRIES}). */
    public static final int MAX_ENTRIES = 32_768;

    /** The largest completion queue ({@code IORING_MAX_CQ_ENTRIES}). */
    public static final int MAX_CQ_ENTRIES = 2 * MAX_ENTRIES;

    /** The largest table of registered files that every kernel accepts. */
    public static final int MAX_FILE_SLOTS = 32_768;

    /** How many buffers can be registered ({@code IORING_MAX_REG_BUFFERS}). */
    public static final int MAX_BUFFERS = 16_384;

    /** For the rw flags of a write: on stable storage when it completes ({@code RWF_DSYNC} of {@code linux/fs.h}). */
    public static final int RWF_DSYNC = 2;

    /** For the rw flags of a write: as a whole or not at all ({@code RWF_ATOMIC}), within {@link FileStat}'s bounds. */
    public static final int RWF_ATOMIC = 0x40;

    private final Config config;
    private final Arena arena;
    private final IoUringSetup.Ring kernel;
    private final int fd;
    private final SubmissionQueue sq;
    private final CompletionQueue cq;
    private final IoUringDriver driver;
    private final IoUringRegistrations registrations;

    /** The thread that a bound ring belongs to; null for a movable ring and before a disabled one is enabled. */
    private @Nullable Thread owner;

    private int watchFd = -1;
    private boolean foreignEventFd;
    private boolean enabled;
    private boolean closed;

    private IoUring(Config config, Arena arena, IoUringSetup.Ring kernel) {
        this.config = config;
        this.arena = arena;
        this.kernel = kernel;
        this.fd = kernel.fd();
        this.sq = new SubmissionQueue(kernel.ring(), kernel.sqes(), kernel.params());
        this.cq = new CompletionQueue(kernel.ring(), kernel.params());
        this.driver = new IoUringDriver(fd, sq, cq, kernel.flags(), Libc.newErrnoState(arena));
        this.registrations = new IoUringRegistrations(fd, config.fileSlots());
    }

    /**
     * How a ring shall be.
     *
     * @param entries operations that can be prepared between two submits: a power of two up to {@link #MAX_ENTRIES}
     * @param cqEntries completions that fit before the kernel must keep them aside: a power of two, at least
     *     {@code entries}, at most {@link #MAX_CQ_ENTRIES}; 0 for twice the entries
     * @param movable whether different threads may use the ring one after the other
     * @param startDisabled whether the ring is created by another thread than the one that will {@link #enable()} it
     * @param ioPoll whether to poll the device instead of taking interrupts ({@code IORING_SETUP_IOPOLL}): only reads
     *     and writes of files opened with {@link FileHandle.Flag#DIRECT}, on devices with poll queues
     * @param sqPoll whether a kernel thread submits ({@code IORING_SETUP_SQPOLL}), which costs a CPU and saves the
     *     calls
     * @param sqThreadCpu the CPU of that thread, -1 for any
     * @param sqThreadIdleMillis after how many idle milliseconds that thread sleeps; 0 for the default of 1000
     * @param fileSlots size of the table for {@link #registerFile}, which is made when the first file comes
     */
    public record Config(
            int entries,
            int cqEntries,
            boolean movable,
            boolean startDisabled,
            boolean ioPoll,
            boolean sqPoll,
            int sqThreadCpu,
            int sqThreadIdleMillis,
            int fileSlots) {
        private static final int DEFAULT_FILE_SLOTS = 64;

        /** Checks the numbers. */
        public Config {
            requirePowerOfTwo("entries", entries, 1, MAX_ENTRIES);
            if (cqEntries != 0) {
                requirePowerOfTwo("cqEntries", cqEntries, entries, MAX_CQ_ENTRIES);
            }
            if (fileSlots < 1 || fileSlots > MAX_FILE_SLOTS) {
                throw new IllegalArgumentException("fileSlots " + fileSlots + ": must be 1 to " + MAX_FILE_SLOTS);
            }
            if (sqThreadIdleMillis < 0) {
                throw new IllegalArgumentException(
                        "sqThreadIdleMillis " + sqThreadIdleMillis + ": must not be negative");
            }
        }

        /** A bound ring with interrupts. */
        public static Config of(int entries) {
            return new Config(entries, 0, false, false, false, false, -1, 0, DEFAULT_FILE_SLOTS);
        }

        /** With another {@link #cqEntries()}. */
        public Config withCqEntries(int value) {
            return new Config(
                    entries, value, movable, startDisabled, ioPoll, sqPoll, sqThreadCpu, sqThreadIdleMillis, fileSlots);
        }

        /** With another {@link #movable()}. */
        public Config withMovable(boolean value) {
            return new Config(
                    entries,
                    cqEntries,
                    value,
                    startDisabled,
                    ioPoll,
                    sqPoll,
                    sqThreadCpu,
                    sqThreadIdleMillis,
                    fileSlots);
        }

        /** With another {@link #startDisabled()}. */
        public Config withStartDisabled(boolean value) {
            return new Config(
                    entries, cqEntries, movable, value, ioPoll, sqPoll, sqThreadCpu, sqThreadIdleMillis, fileSlots);
        }

        /** With another {@link #ioPoll()}. */
        public Config withIoPoll(boolean value) {
            return new Config(
                    entries,
                    cqEntries,
                    movable,
                    startDisabled,
                    value,
                    sqPoll,
                    sqThreadCpu,
                    sqThreadIdleMillis,
                    fileSlots);
        }

        /** With {@link #sqPoll()}, and where and how long its thread spins. */
        public Config withSqPoll(int threadCpu, int threadIdleMillis) {
            return new Config(
                    entries, cqEntries, movable, startDisabled, ioPoll, true, threadCpu, threadIdleMillis, fileSlots);
        }

        /** With another {@link #fileSlots()}. */
        public Config withFileSlots(int value) {
            return new Config(
                    entries, cqEntries, movable, startDisabled, ioPoll, sqPoll, sqThreadCpu, sqThreadIdleMillis, value);
        }

        private static void requirePowerOfTwo(String name, int value, int min, int max) {
            if (value < min || value > max || Integer.bitCount(value) != 1) {
                throw new IllegalArgumentException(
                        name + " " + value + ": must be a power of two from " + min + " to " + max);
            }
        }
    }

    /** Whether rings can be created here. Tried out once; callable from any thread on any operating system. */
    public static boolean isAvailable() {
        return Availability.CAUSE == null;
    }

    /** Why {@link #isAvailable()} is false, with the remedy; null if it is true. */
    public static @Nullable String unavailabilityCause() {
        return Availability.CAUSE;
    }

    /**
     * Creates a ring with the best mode that the kernel knows. {@link #features()} tells what it became.
     *
     * @throws SysException if the kernel refuses, with cause and remedy where they are known
     * @throws UnsupportedOperationException without native access
     * @throws IllegalStateException if a virtual thread asks for a bound ring
     */
    public static IoUring create(Config config) throws SysException {
        Platform.requireNative();
        boolean bindNow = !config.movable() && !config.startDisabled();
        if (bindNow) {
            requirePlatformThread();
        }
        Arena arena = Arena.ofShared();
        try {
            IoUring ring = new IoUring(config, arena, IoUringSetup.create(config, arena));
            ring.enabled = !config.startDisabled();
            ring.owner = bindNow ? Thread.currentThread() : null;
            return ring;
        } catch (Throwable failed) {
            arena.close();
            throw failed;
        }
    }

    /**
     * Starts a ring that was created disabled; a bound one belongs to the calling thread from here on. Does nothing if
     * the ring is enabled already.
     */
    public void enable() throws SysException {
        check();
        if (!enabled) {
            if (!config.movable()) {
                requirePlatformThread();
            }
            registrations.enable();
            owner = config.movable() ? null : Thread.currentThread();
            enabled = true;
        }
    }

    /**
     * The descriptor that an {@link EventPoll} can watch: it has an arrival when an operation completes after a
     * {@link #submit}, or after a {@link #reap} or {@link #poll} that found nothing. So reap until nothing is left,
     * then sleep. It is an event descriptor, made by the first call; the ring's own does not wake anybody in the
     * bound mode.
     *
     * @throws UncheckedIOException if it cannot be made
     * @throws IllegalStateException if another one was {@linkplain #registerEventFd registered}
     */
    public int fd() {
        check();
        if (watchFd < 0) {
            if (foreignEventFd) {
                throw new IllegalStateException("another event descriptor is registered with the ring (fd " + fd + ")");
            }
            try {
                watchFd = Fds.newEventFd();
                registrations.registerEventFd(watchFd);
            } catch (SysException refused) {
                Fds.close(watchFd);
                watchFd = -1;
                throw new UncheckedIOException(refused);
            }
            driver.watched();
        }
        return watchFd;
    }

    /** How many operations can be prepared before the next submit. */
    public int sqSpace() {
        check();
        return sq.space();
    }

    /** Whether at least one operation can be prepared. */
    public boolean hasSpace() {
        check();
        return sq.hasSpace();
    }

    /** How many operations the kernel has taken and {@link #reap} has not handed out. */
    public int inFlight() {
        check();
        return driver.inFlight();
    }

    /** How many completions have found the completion queue full. None is lost, but they are slow. */
    public int cqOverflows() {
        check();
        return cq.overflowed();
    }

    /** Prepares an operation that does nothing and completes with 0. */
    public void prepNop(long userData) {
        prep(IoUringOp.NOP, false, -1, 0, 0, 0, 0, userData, 0);
    }

    /**
     * Prepares a read into one buffer.
     *
     * @param fdOrSlot a descriptor, or with {@code fixedFile} a slot of {@link #registerFile}
     * @param fixedFile whether it is a slot
     * @param address where the buffer begins
     * @param len how many bytes
     * @param offset where in the file
     * @param userData what the completion carries
     */
    public void prepRead(int fdOrSlot, boolean fixedFile, long address, int len, long offset, long userData) {
        prep(IoUringOp.READ, fixedFile, fdOrSlot, offset, address, len, 0, userData, 0);
    }

    /** Prepares a write from one buffer; parameters as for {@link #prepRead}. */
    public void prepWrite(int fdOrSlot, boolean fixedFile, long address, int len, long offset, long userData) {
        prep(IoUringOp.WRITE, fixedFile, fdOrSlot, offset, address, len, 0, userData, 0);
    }

    /** Prepares a write with {@code rwFlags} of {@code pwritev2(2)}, such as {@link #RWF_DSYNC}. */
    public void prepWrite(
            int fdOrSlot, boolean fixedFile, long address, int len, long offset, int rwFlags, long userData) {
        prep(IoUringOp.WRITE, fixedFile, fdOrSlot, offset, address, len, rwFlags, userData, 0);
    }

    /** Prepares a read into many buffers; {@code iovecs} is the address of {@code count} {@code struct iovec}. */
    public void prepReadv(int fdOrSlot, boolean fixedFile, long iovecs, int count, long offset, long userData) {
        prep(IoUringOp.READV, fixedFile, fdOrSlot, offset, iovecs, count, 0, userData, 0);
    }

    /** Prepares a write from many buffers; {@code iovecs} is the address of {@code count} {@code struct iovec}. */
    public void prepWritev(int fdOrSlot, boolean fixedFile, long iovecs, int count, long offset, long userData) {
        prepWritev(fdOrSlot, fixedFile, iovecs, count, offset, 0, userData);
    }

    /** Prepares a gathering write with {@code rwFlags} of {@code pwritev2(2)}, such as {@link #RWF_DSYNC}. */
    public void prepWritev(
            int fdOrSlot, boolean fixedFile, long iovecs, int count, long offset, int rwFlags, long userData) {
        prep(IoUringOp.WRITEV, fixedFile, fdOrSlot, offset, iovecs, count, rwFlags, userData, 0);
    }

    /** Prepares a read into a part of the registered buffer {@code bufIndex}. */
    public void prepReadFixed(
            int fdOrSlot, boolean fixedFile, long address, int len, long offset, int bufIndex, long userData) {
        prep(IoUringOp.READ_FIXED, fixedFile, fdOrSlot, offset, address, len, 0, userData, bufIndex);
    }

    /** Prepares a write from a part of the registered buffer {@code bufIndex}. */
    public void prepWriteFixed(
            int fdOrSlot, boolean fixedFile, long address, int len, long offset, int bufIndex, long userData) {
        prep(IoUringOp.WRITE_FIXED, fixedFile, fdOrSlot, offset, address, len, 0, userData, bufIndex);
    }

    /**
     * Prepares a flush. It covers the writes that have <em>completed</em>; those in flight may or may not be included.
     *
     * @param dataSync whether the data and what is needed to read it back are enough
     */
    public void prepFsync(int fdOrSlot, boolean fixedFile, boolean dataSync, long userData) {
        prep(IoUringOp.FSYNC, fixedFile, fdOrSlot, 0, 0, 0, dataSync ? IoUringAbi.FSYNC_DATASYNC : 0, userData, 0);
    }

    /** Prepares a {@code fallocate(2)}; {@link FileHandle#fallocate} describes the mode. */
    public void prepFallocate(int fdOrSlot, boolean fixedFile, int mode, long offset, long length, long userData) {
        prep(IoUringOp.FALLOCATE, fixedFile, fdOrSlot, offset, length, mode, 0, userData, 0);
    }

    /**
     * Prepares an attempt to cancel the operation that was prepared with {@code targetUserData}. The attempt completes
     * with 0, {@code -ENOENT} (not found, it has ended) or {@code -EALREADY} (running, may still end either way); the
     * operation itself completes in any case, with {@code -ECANCELED} if the attempt succeeded.
     */
    public void prepCancel(long targetUserData, long userData) {
        prep(IoUringOp.ASYNC_CANCEL, false, -1, 0, targetUserData, 0, 0, userData, 0);
    }

    /**
     * Gives the kernel what was prepared, and lets it finish what waits for this thread. Costs one system call, or none
     * if there is nothing to do. An operation that the kernel is too busy for stays prepared for the next call.
     *
     * @return how many operations the kernel took
     */
    public int submit() {
        check();
        return driver.submit();
    }

    /**
     * Submits, and sleeps until some completions can be reaped. Returns early when a signal arrives.
     *
     * @param minComplete how many to wait for; no more than are in flight, because that would never end
     * @return how many operations the kernel took
     */
    public int submitAndGet(int minComplete) {
        check();
        return driver.submitAndGet(minComplete);
    }

    /**
     * Hands the completions that are there to the sink, asking the kernel for them only if it says that some wait.
     *
     * @param max the most to hand out
     * @return how many were handed out
     */
    public int reap(CompletionSink sink, int max) {
        check();
        return driver.reap(sink, max);
    }

    /** One round of a reactor: submits and reaps with at most one system call. Returns how many were handed out. */
    public int poll(CompletionSink sink) {
        return poll(sink, Integer.MAX_VALUE);
    }

    /** As {@link #poll(CompletionSink)}, handing out at most {@code max} completions. */
    public int poll(CompletionSink sink, int max) {
        check();
        return driver.poll(sink, max);
    }

    /**
     * Puts a file into the table of registered files, which saves the kernel looking it up for each operation.
     *
     * @return its slot, valid until {@link #unregisterFile}; the descriptor itself may be closed meanwhile
     * @throws IllegalStateException if all {@link Config#fileSlots()} are in use
     */
    public int registerFile(int fileFd) throws SysException {
        check();
        return registrations.registerFile(fileFd);
    }

    /** Empties a slot of the table. Operations in flight on it are not disturbed. */
    public void unregisterFile(int slot) throws SysException {
        check();
        registrations.unregisterFile(slot);
    }

    /**
     * Pins buffers in memory for {@link #prepReadFixed} and {@link #prepWriteFixed}, which saves pinning for each
     * operation. They count against {@link Limits#memlock()} unless the process is privileged.
     *
     * @param segments native memory, at most 1 GiB each; its index here is the {@code bufIndex}
     * @throws IllegalStateException if buffers are registered already
     */
    public void registerBuffers(MemorySegment[] segments) throws SysException {
        check();
        registrations.registerBuffers(segments);
    }

    /** Releases all registered buffers, after the operations in flight on them. Does nothing if there are none. */
    public void unregisterBuffers() throws SysException {
        check();
        registrations.unregisterBuffers();
    }

    /**
     * Lets completions count up an event descriptor of the caller's, instead of the one that {@link #fd()} makes.
     *
     * @throws IllegalStateException if {@link #fd()} was used, because a ring has room for one descriptor
     */
    public void registerEventFd(int eventFd) throws SysException {
        check();
        if (watchFd >= 0) {
            throw new IllegalStateException("the ring (fd " + fd + ") signals its own descriptor already");
        }
        registrations.registerEventFd(eventFd);
        foreignEventFd = true;
    }

    /** Ends {@link #registerEventFd}. */
    public void unregisterEventFd() throws SysException {
        check();
        if (foreignEventFd) {
            registrations.unregisterEventFd();
            foreignEventFd = false;
        }
    }

    /** Which of the operations offered here the kernel has. */
    public Set<IoUringOp> supportedOps() throws SysException {
        check();
        return registrations.supportedOps();
    }

    /** One line for the log: the mode that the ring is in and the features of the kernel. */
    public String features() {
        return "io_uring setup " + IoUringAbi.setupFlagNames(kernel.flags()) + "; features "
                + IoUringAbi.featureNames(kernel.features());
    }

    /**
     * Drops what was prepared but not submitted, cancels what can be cancelled, waits for the rest without handing it
     * to anybody, and releases the ring. Does nothing the second time.
     *
     * @throws WrongThreadException if a bound ring is closed by a thread other than its living owner
     * @throws IllegalStateException if called from inside a {@link CompletionSink}
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        Thread boundTo = owner;
        boolean orphaned = boundTo != null && !boundTo.isAlive();
        if (!orphaned) {
            check();
        }
        if (cq.isDelivering()) {
            throw new IllegalStateException("a ring cannot be closed by the sink that it is calling");
        }
        try {
            if (enabled && !orphaned) {
                driver.awaitQuiet();
            }
        } finally {
            closed = true;
            arena.close();
            Fds.close(fd);
            Fds.close(watchFd);
        }
    }

    /** The state and every operation that is prepared but not submitted. */
    @Override
    public String toString() {
        if (closed) {
            return "IoUring[fd " + fd + ", closed]";
        }
        return "IoUring[fd " + fd + ", " + sq.entries() + "/" + cq.entries() + " entries, "
                + IoUringAbi.setupFlagNames(kernel.flags())
                + (owner == null ? "" : ", bound to " + owner)
                + ", " + registrations
                + ", in flight " + driver.inFlight()
                + ", ready " + cq.ready()
                + ", prepared " + sq.pendingToString() + "]";
    }

    private void prep(
            IoUringOp op,
            boolean fixedFile,
            int file,
            long off,
            long addr,
            int len,
            int opFlags,
            long userData,
            int bufIndex) {
        check();
        sq.enqueue(op, fixedFile, file, off, addr, len, opFlags, userData, bufIndex);
    }

    @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only, and this is asked for each operation
    private void check() {
        if (closed) {
            throw new IllegalStateException("the ring (fd " + fd + ") is closed");
        }
        Thread boundTo = owner;
        if (boundTo != null && boundTo != Thread.currentThread()) {
            throw new WrongThreadException(
                    "the ring (fd " + fd + ") is bound to " + boundTo + ", this is " + Thread.currentThread());
        }
    }

    private static void requirePlatformThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a bound ring belongs to an OS thread, and a virtual thread has none: use a movable ring");
        }
    }

    /** Tried out when somebody asks, and never again. */
    private static final class Availability {
        static final @Nullable String CAUSE = IoUringSetup.probe();
    }
}
