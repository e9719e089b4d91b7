// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sleeps until a device descriptor is readable, another thread calls {@link #wake()}, or time is up ({@code epoll(7)}
 * with an {@code eventfd(2)}).
 *
 * <p>Descriptors are watched for <em>arrivals</em> (edge-triggered): each time something becomes readable ends one
 * {@link #await}. What is left unread does not end the next one, so read until nothing is left before awaiting again.
 * That is what lets a reactor sleep without reading from event descriptors, such as that of an {@link IoUring}.
 *
 * <p>Thread rule: one thread at a time awaits and reads {@link #token}; {@link #add}, {@link #remove}, {@link #wake}
 * and {@link #close} may come from any thread at any time. Closing wakes the awaiting thread; the descriptors are
 * released when the last thread has left, so a racing {@code wake} never writes into a stranger's file.
 *
 * <p>Units: timeouts in nanoseconds. Where the kernel lacks {@code epoll_pwait2} (before 5.11) they are rounded up to
 * milliseconds.
 */
public final class EventPoll implements AutoCloseable {
    /** Ready descriptors that one {@link #await} reports; the others follow with the next call. */
    public static final int MAX_READY = 64;

    /** The one token that {@link #add} refuses, because it marks the wake-up descriptor. */
    public static final long RESERVED_TOKEN = Long.MIN_VALUE;

    // struct epoll_event of sys/epoll.h: packed on x86-64, naturally aligned elsewhere.
    static final long EVENT_BYTES = Platform.isX86() ? 12 : 16;
    static final long EVENT_EVENTS = 0;
    static final long EVENT_DATA = Platform.isX86() ? 4 : 8;

    // sys/epoll.h
    static final int EPOLL_CLOEXEC = 0x80000;
    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EPOLLIN = 1;
    static final int EPOLLET = 1 << 31;

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final VarHandle WAKE_PENDING;

    static {
        try {
            WAKE_PENDING = MethodHandles.lookup().findVarHandle(EventPoll.class, "wakePending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int epollFd;
    private final int eventFd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment errno = Libc.newErrnoState(arena);
    private final MemorySegment timespec = arena.allocate(2 * Long.BYTES, Long.BYTES);
    private final MemorySegment events = arena.allocate(MAX_READY * EVENT_BYTES, Long.BYTES);
    private final FdGuard guard = new FdGuard(this::release);
    private final long[] ready = new long[MAX_READY];
    private final boolean nanoTimeouts;
    private int readyCount;

    /** 1 from the first wake-up until it was noticed: the wake-ups in between have nothing to add. */
    @SuppressWarnings("UnusedVariable") // accessed through WAKE_PENDING
    private volatile int wakePending;

    private EventPoll(int epollFd, int eventFd, boolean forceMillis) {
        this.epollFd = epollFd;
        this.eventFd = eventFd;
        this.nanoTimeouts = !forceMillis && hasNanoTimeouts();
    }

    /** Whether {@link #open} can work here. */
    public static boolean isAvailable() {
        return Platform.isNativeAvailable();
    }

    /** Why {@link #isAvailable()} is false, or null. */
    public static @Nullable String unavailabilityCause() {
        return Platform.unavailabilityCause();
    }

    /**
     * Opens an epoll instance with its wake-up descriptor.
     *
     * @throws SysException {@code EMFILE} or {@code ENFILE} if too many files are open
     * @throws UnsupportedOperationException where {@link #isAvailable()} is false
     */
    public static EventPoll open() throws SysException {
        return open(false);
    }

    /** Opens one that does without {@code epoll_pwait2}, as on an old kernel. */
    static EventPoll open(boolean forceMillis) throws SysException {
        Platform.requireNative();
        int epollFd = (int) Libc.call("epoll_create1", () -> "EPOLL_CLOEXEC", errno ->
                (int) Handles.EPOLL_CREATE1.invokeExact(errno, EPOLL_CLOEXEC));
        int eventFd = -1;
        EventPoll poll = null;
        try {
            eventFd = Fds.newEventFd();
            poll = new EventPoll(epollFd, eventFd, forceMillis);
            poll.control(EPOLL_CTL_ADD, eventFd, EPOLLIN | EPOLLET, RESERVED_TOKEN);
            return poll;
        } catch (Throwable failed) {
            if (poll != null) {
                poll.close();
            } else {
                Fds.close(eventFd);
                Fds.close(epollFd);
            }
            throw failed;
        }
    }

    /**
     * Watches a descriptor until it is removed or closed. What is readable already counts as an arrival.
     *
     * @param fd an open descriptor that supports polling (a ring, socket, pipe, timer or event; not a regular file)
     * @param token what {@link #token} answers when the descriptor is ready; any value but {@link #RESERVED_TOKEN}
     * @throws SysException {@code EEXIST} if it is watched already, {@code EPERM} if it cannot be polled
     */
    public void add(int fd, long token) throws SysException {
        if (token == RESERVED_TOKEN) {
            throw new IllegalArgumentException("the token Long.MIN_VALUE is reserved for the wake-up descriptor");
        }
        enter();
        try {
            control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, token);
        } finally {
            guard.exit();
        }
    }

    /**
     * Stops watching a descriptor. Do this before closing it.
     *
     * @throws SysException {@code ENOENT} if it is not watched
     */
    public void remove(int fd) throws SysException {
        enter();
        try {
            control(EPOLL_CTL_DEL, fd, 0, 0);
        } finally {
            guard.exit();
        }
    }

    /**
     * Sleeps until there is something to do. May return early with 0 (after a wake-up, a signal, or kernel work that an
     * io_uring queued for this thread): look at everything, then await again.
     *
     * @param timeoutNanos how long to sleep at most; 0 only looks, -1 sleeps without a limit
     * @return how many watched descriptors have arrivals, the wake-up not counted
     * @throws IllegalStateException if closed
     * @throws UncheckedIOException if the kernel refuses, with a {@link SysException} inside
     */
    public int await(long timeoutNanos) {
        if (timeoutNanos < -1) {
            throw new IllegalArgumentException("timeout of " + timeoutNanos + " ns: use -1 for no limit");
        }
        enter();
        try {
            readyCount = 0;
            int count = epollWait(timeoutNanos);
            for (int i = 0; i < count; i++) {
                long token = events.get(JAVA_LONG_UNALIGNED, i * EVENT_BYTES + EVENT_DATA);
                if (token == RESERVED_TOKEN) {
                    allowNextSignal();
                } else {
                    ready[readyCount++] = token;
                }
            }
            return readyCount;
        } finally {
            guard.exit();
        }
    }

    /**
     * The token of a descriptor that the last {@link #await} found ready.
     *
     * @param index 0 up to the result of {@code await} minus one
     */
    public long token(int index) {
        return ready[Objects.checkIndex(index, readyCount)];
    }

    /**
     * Makes the current or the next {@link #await} return. What the caller wrote before is visible to the awaiting
     * thread afterwards. Wake-ups that meet an undelivered one cost no system call; after {@link #close} it does
     * nothing.
     */
    public void wake() {
        if ((int) WAKE_PENDING.getAndSet(this, 1) == 0 && guard.tryEnter()) {
            try {
                signal();
            } finally {
                guard.exit();
            }
        }
    }

    /** The epoll descriptor: another instance can watch it, it is readable while something is ready here. */
    public int fd() {
        return epollFd;
    }

    /** Closes both descriptors; an {@link #await} in progress returns. Does nothing the second time. */
    @Override
    public void close() {
        if (guard.tryEnter()) {
            try {
                guard.close();
                signal();
            } finally {
                guard.exit();
            }
        }
    }

    @Override
    public String toString() {
        return "EventPoll[epoll fd " + epollFd + ", event fd " + eventFd
                + (nanoTimeouts ? ", epoll_pwait2" : ", epoll_wait") + (guard.isClosed() ? ", closed]" : "]");
    }

    private void enter() {
        if (!guard.tryEnter()) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    private void release() {
        Fds.close(epollFd);
        Fds.close(eventFd);
        arena.close();
    }

    private void control(int operation, int fd, int trigger, long token) throws SysException {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment event = scratch.allocate(EVENT_BYTES, Long.BYTES);
            event.set(JAVA_INT_UNALIGNED, EVENT_EVENTS, trigger);
            event.set(JAVA_LONG_UNALIGNED, EVENT_DATA, token);
            Libc.call("epoll_ctl", () -> (operation == EPOLL_CTL_ADD ? "add" : "remove") + " fd " + fd, state ->
                    (int) Handles.EPOLL_CTL.invokeExact(state, epollFd, operation, fd, event));
        }
    }

    private int epollWait(long timeoutNanos) {
        long count = nanoTimeouts ? epollPwait2(timeoutNanos) : epollWaitMillis(timeoutNanos);
        if (count >= 0) {
            return (int) count;
        }
        int error = Libc.errno(errno);
        if (error == Errno.EINTR) {
            return 0;
        }
        throw new UncheckedIOException(new SysException("epoll_wait", "fd " + epollFd, error));
    }

    private long epollPwait2(long timeoutNanos) {
        MemorySegment timeout = MemorySegment.NULL;
        if (timeoutNanos >= 0) {
            timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
            timespec.set(JAVA_LONG, Long.BYTES, timeoutNanos % NANOS_PER_SECOND);
            timeout = timespec;
        }
        try {
            return (long) Handles.EPOLL_PWAIT2.invokeExact(
                    errno,
                    Libc.SYS_EPOLL_PWAIT2,
                    (long) epollFd,
                    events.address(),
                    (long) MAX_READY,
                    timeout.address(),
                    0L,
                    0L);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    private int epollWaitMillis(long timeoutNanos) {
        int millis = -1;
        if (timeoutNanos >= 0) {
            long roundedUp = timeoutNanos / NANOS_PER_MILLI + (timeoutNanos % NANOS_PER_MILLI == 0 ? 0 : 1);
            millis = (int) Math.min(roundedUp, Integer.MAX_VALUE);
        }
        try {
            return (int) Handles.EPOLL_WAIT.invokeExact(errno, epollFd, events, MAX_READY, millis);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Old kernels answer ENOSYS, container filters that do not know the call EPERM. */
    private boolean hasNanoTimeouts() {
        return epollPwait2(0) >= 0;
    }

    /** Cannot fail: the counter would be full after some hundred thousand years. */
    private void signal() {
        try {
            long _ = (long) Fds.WRITE.invokeExact(eventFd, Handles.ONE, (long) Long.BYTES);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /**
     * Takes note of a wake-up. The counter need not be read, because an arrival is reported once, whatever its value. A
     * {@link #wake} right before the exchange is not signalled, but it is not lost either: the exchange orders what its
     * caller wrote before our return from {@link #await}.
     */
    private void allowNextSignal() {
        int _ = (int) WAKE_PENDING.getAndSet(this, 0);
    }

    private static final class Handles {
        static final MethodHandle EPOLL_CREATE1 = Libc.find("epoll_create1", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        static final MethodHandle EPOLL_CTL =
                Libc.find("epoll_ctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
        static final MethodHandle EPOLL_WAIT =
                Libc.find("epoll_wait", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
        static final MethodHandle EPOLL_PWAIT2 = Libc.findSyscall(6);

        /** What a wake-up adds to the event counter. */
        static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1);
    }
}
